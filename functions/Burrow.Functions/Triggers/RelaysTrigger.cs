using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/relays/{account}</c>.</summary>
public sealed class RelaysTrigger(RelaysEndpoint endpoint)
{
    /// <inheritdoc cref="RelaysEndpoint.ServeListAsync"/>
    [Function("Relays")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = RelaysEndpoint.ListRoute)]
        HttpRequest request) => endpoint.ServeListAsync(request);
}

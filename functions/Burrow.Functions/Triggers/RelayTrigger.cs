using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/relays/{account}/{name}</c>.</summary>
public sealed class RelayTrigger(RelaysEndpoint endpoint)
{
    /// <inheritdoc cref="RelaysEndpoint.ServeAsync"/>
    [Function("Relay")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = RelaysEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/relays/{account}/{name}/missing</c>.</summary>
public sealed class RelayMissingTrigger(RelaysEndpoint endpoint)
{
    /// <inheritdoc cref="RelaysEndpoint.ServeMissingAsync"/>
    [Function("RelayMissing")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = RelaysEndpoint.MissingRoute)]
        HttpRequest request) => endpoint.ServeMissingAsync(request);
}

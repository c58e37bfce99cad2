using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/</c>.</summary>
public sealed class VersionsTrigger(VersionsEndpoint endpoint)
{
    /// <inheritdoc cref="VersionsEndpoint.ServeAsync"/>
    [Function("Versions")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = VersionsEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

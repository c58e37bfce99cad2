using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/health</c>.</summary>
public sealed class HealthTrigger(HealthEndpoint endpoint)
{
    /// <inheritdoc cref="HealthEndpoint.ServeLiveAsync"/>
    [Function("Health")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = HealthEndpoint.LiveRoute)]
        HttpRequest request) => endpoint.ServeLiveAsync(request);
}

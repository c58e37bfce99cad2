using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/health/ready</c>.</summary>
public sealed class ReadyTrigger(HealthEndpoint endpoint)
{
    /// <inheritdoc cref="HealthEndpoint.ServeReadyAsync"/>
    [Function("Ready")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = HealthEndpoint.ReadyRoute)]
        HttpRequest request) => endpoint.ServeReadyAsync(request);
}

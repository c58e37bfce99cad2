using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/health</c>.</summary>
public sealed class HealthTrigger(HealthEndpoint health)
{
    private const string Route = "health";

    /// <inheritdoc cref="HealthEndpoint.GetAsync"/>
    [Function(nameof(HealthTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        health.GetAsync(request);

    /// <inheritdoc cref="HealthEndpoint.RefuseAsync"/>
    [Function(nameof(HealthTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        health.RefuseAsync(request);
}

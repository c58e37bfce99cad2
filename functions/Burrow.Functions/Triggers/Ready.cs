using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/health/ready</c>.</summary>
public sealed class ReadyTrigger(HealthEndpoint health)
{
    private const string Route = "health/ready";

    /// <inheritdoc cref="HealthEndpoint.GetReadyAsync"/>
    [Function(nameof(ReadyTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        health.GetReadyAsync(request);

    /// <inheritdoc cref="HealthEndpoint.RefuseReadyAsync"/>
    [Function(nameof(ReadyTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        health.RefuseReadyAsync(request);
}

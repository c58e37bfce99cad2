using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0/{account}</c>.</summary>
public sealed class QueuesTrigger(QueuesEndpoint queues)
{
    private const string Route = "v1.0/{account}";

    /// <inheritdoc cref="QueuesEndpoint.GetAsync"/>
    [Function(nameof(QueuesTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        queues.GetAsync(request);

    /// <inheritdoc cref="QueuesEndpoint.DeleteAsync"/>
    [Function(nameof(QueuesTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        queues.DeleteAsync(request);

    /// <inheritdoc cref="QueuesEndpoint.RefuseAsync"/>
    [Function(nameof(QueuesTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        queues.RefuseAsync(request);
}

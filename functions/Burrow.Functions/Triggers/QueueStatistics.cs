using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/stats/{account}/{queue}</c>.</summary>
public sealed class QueueStatisticsTrigger(StatisticsEndpoint statistics)
{
    private const string Route = "stats/{account}/{queue}";

    /// <inheritdoc cref="StatisticsEndpoint.GetQueueAsync"/>
    [Function(nameof(QueueStatisticsTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        statistics.GetQueueAsync(request);

    /// <inheritdoc cref="StatisticsEndpoint.RefuseQueueAsync"/>
    [Function(nameof(QueueStatisticsTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        statistics.RefuseQueueAsync(request);
}

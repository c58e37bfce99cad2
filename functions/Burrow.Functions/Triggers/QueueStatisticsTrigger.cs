using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/stats/{account}/{queue}</c>.</summary>
public sealed class QueueStatisticsTrigger(StatisticsEndpoint endpoint)
{
    /// <inheritdoc cref="StatisticsEndpoint.ServeQueueAsync"/>
    [Function("QueueStatistics")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = StatisticsEndpoint.QueueRoute)]
        HttpRequest request,
        // The Functions host cancels the invocation when the client is gone, and when it stops.
        CancellationToken cancelled) => endpoint.ServeQueueAsync(request, cancelled);
}

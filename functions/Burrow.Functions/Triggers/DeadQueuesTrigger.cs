using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/dead/{account}</c>.</summary>
public sealed class DeadQueuesTrigger(DeadEndpoint endpoint)
{
    /// <inheritdoc cref="DeadEndpoint.ServeQueuesAsync"/>
    [Function("DeadQueues")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = DeadEndpoint.QueuesRoute)]
        HttpRequest request) => endpoint.ServeQueuesAsync(request);
}

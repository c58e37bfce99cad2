using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0/{account}</c>.</summary>
public sealed class QueuesTrigger(QueuesEndpoint endpoint)
{
    /// <inheritdoc cref="QueuesEndpoint.ServeAsync"/>
    [Function("Queues")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = QueuesEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

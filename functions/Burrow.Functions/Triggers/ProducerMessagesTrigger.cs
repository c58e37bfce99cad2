using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/producers/{account}/{queue}/{name}/messages</c>.</summary>
public sealed class ProducerMessagesTrigger(ProducersEndpoint endpoint)
{
    /// <inheritdoc cref="ProducersEndpoint.ServeMessagesAsync"/>
    [Function("ProducerMessages")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = ProducersEndpoint.MessagesRoute)]
        HttpRequest request) => endpoint.ServeMessagesAsync(request);
}

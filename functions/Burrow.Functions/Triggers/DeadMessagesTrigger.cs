using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/dead/{account}/{queue}</c>.</summary>
public sealed class DeadMessagesTrigger(DeadEndpoint endpoint)
{
    /// <inheritdoc cref="DeadEndpoint.ServeMessagesAsync"/>
    [Function("DeadMessages")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = DeadEndpoint.MessagesRoute)]
        HttpRequest request) => endpoint.ServeMessagesAsync(request);
}

using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0/{account}/{queue}/{message}</c>.</summary>
public sealed class MessageTrigger(MessageEndpoint endpoint)
{
    /// <inheritdoc cref="MessageEndpoint.ServeAsync"/>
    [Function("Message")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = MessageEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

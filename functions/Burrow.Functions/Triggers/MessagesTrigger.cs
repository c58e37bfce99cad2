using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0/{account}/{queue}</c>.</summary>
public sealed class MessagesTrigger(MessagesEndpoint endpoint)
{
    /// <inheritdoc cref="MessagesEndpoint.ServeAsync"/>
    [Function("Messages")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = MessagesEndpoint.Route)]
        HttpRequest request,
        // The Functions host cancels the invocation when the client is gone, and when it stops.
        CancellationToken cancelled) => endpoint.ServeAsync(request, cancelled);
}

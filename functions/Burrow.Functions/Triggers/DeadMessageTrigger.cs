using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/dead/{account}/{queue}/{message}</c>.</summary>
public sealed class DeadMessageTrigger(DeadEndpoint endpoint)
{
    /// <inheritdoc cref="DeadEndpoint.ServeMessageAsync"/>
    [Function("DeadMessage")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = DeadEndpoint.MessageRoute)]
        HttpRequest request) => endpoint.ServeMessageAsync(request);
}

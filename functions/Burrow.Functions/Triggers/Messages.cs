using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0/{account}/{queue}</c>.</summary>
public sealed class MessagesTrigger(MessagesEndpoint messages)
{
    private const string Route = "v1.0/{account}/{queue}";

    /// <inheritdoc cref="MessagesEndpoint.GetAsync"/>
    [Function(nameof(MessagesTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        messages.GetAsync(request);

    /// <inheritdoc cref="MessagesEndpoint.PostAsync"/>
    [Function(nameof(MessagesTrigger) + nameof(Post))]
    public Task<IResult> Post([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request) =>
        messages.PostAsync(request);

    /// <inheritdoc cref="MessagesEndpoint.DeleteAsync"/>
    [Function(nameof(MessagesTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        messages.DeleteAsync(request);

    /// <inheritdoc cref="MessagesEndpoint.RefuseAsync"/>
    [Function(nameof(MessagesTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        messages.RefuseAsync(request);
}

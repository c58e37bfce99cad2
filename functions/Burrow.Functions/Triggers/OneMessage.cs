using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0/{account}/{queue}/{message}</c>.</summary>
public sealed class MessageTrigger(MessageEndpoint message)
{
    private const string Route = "v1.0/{account}/{queue}/{message}";

    /// <inheritdoc cref="MessageEndpoint.GetAsync"/>
    [Function(nameof(MessageTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        message.GetAsync(request);

    /// <inheritdoc cref="MessageEndpoint.PutAsync"/>
    [Function(nameof(MessageTrigger) + nameof(Put))]
    public Task<IResult> Put([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request) =>
        message.PutAsync(request);

    /// <inheritdoc cref="MessageEndpoint.PostAsync"/>
    [Function(nameof(MessageTrigger) + nameof(Post))]
    public Task<IResult> Post([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request) =>
        message.PostAsync(request);

    /// <inheritdoc cref="MessageEndpoint.DeleteAsync"/>
    [Function(nameof(MessageTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        message.DeleteAsync(request);

    /// <inheritdoc cref="MessageEndpoint.RefuseAsync"/>
    [Function(nameof(MessageTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        message.RefuseAsync(request);
}

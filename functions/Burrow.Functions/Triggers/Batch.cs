using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/batch/{account}/{queue}</c>.</summary>
public sealed class BatchTrigger(BatchEndpoint batch)
{
    private const string Route = "batch/{account}/{queue}";

    /// <inheritdoc cref="BatchEndpoint.PostAsync"/>
    [Function(nameof(BatchTrigger) + nameof(Post))]
    public Task<IResult> Post([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request) =>
        batch.PostAsync(request);

    /// <inheritdoc cref="BatchEndpoint.RefuseAsync"/>
    [Function(nameof(BatchTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", "put", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        batch.RefuseAsync(request);
}

using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/keys/{account}</c>.</summary>
public sealed class KeysTrigger(KeysEndpoint keys)
{
    private const string Route = "keys/{account}";

    /// <inheritdoc cref="KeysEndpoint.ListAsync"/>
    [Function(nameof(KeysTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        keys.ListAsync(request);

    /// <inheritdoc cref="KeysEndpoint.RefuseListAsync"/>
    [Function(nameof(KeysTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        keys.RefuseListAsync(request);
}

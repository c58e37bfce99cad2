using Burrow.Http;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/keys/{account}</c>.</summary>
public sealed class Keys(KeysEndpoint keys)
{
    private const string Route = "keys/{account}";

    /// <inheritdoc cref="KeysEndpoint.ListAsync"/>
    [Function(nameof(Keys) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        keys.ListAsync(request);

    /// <inheritdoc cref="KeysEndpoint.RefuseListAsync"/>
    [Function(nameof(Keys) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        keys.RefuseListAsync(request);
}

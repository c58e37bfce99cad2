using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/keys/{account}/{name}</c>.</summary>
public sealed class KeyTrigger(KeysEndpoint keys)
{
    private const string Route = "keys/{account}/{name}";

    /// <inheritdoc cref="KeysEndpoint.GetAsync"/>
    [Function(nameof(KeyTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        keys.GetAsync(request);

    /// <inheritdoc cref="KeysEndpoint.PutAsync"/>
    [Function(nameof(KeyTrigger) + nameof(Put))]
    public Task<IResult> Put([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request) =>
        keys.PutAsync(request);

    /// <inheritdoc cref="KeysEndpoint.DeleteAsync"/>
    [Function(nameof(KeyTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        keys.DeleteAsync(request);

    /// <inheritdoc cref="KeysEndpoint.RefuseAsync"/>
    [Function(nameof(KeyTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "post", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        keys.RefuseAsync(request);
}

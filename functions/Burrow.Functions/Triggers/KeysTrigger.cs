using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/keys/{account}</c>.</summary>
public sealed class KeysTrigger(KeysEndpoint endpoint)
{
    /// <inheritdoc cref="KeysEndpoint.ServeListAsync"/>
    [Function("Keys")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = KeysEndpoint.ListRoute)]
        HttpRequest request) => endpoint.ServeListAsync(request);
}

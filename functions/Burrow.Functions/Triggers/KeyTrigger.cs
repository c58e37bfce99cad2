using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/keys/{account}/{name}</c>.</summary>
public sealed class KeyTrigger(KeysEndpoint endpoint)
{
    /// <inheritdoc cref="KeysEndpoint.ServeAsync"/>
    [Function("Key")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = KeysEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

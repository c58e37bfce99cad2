using Burrow.Http.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/.well-known/jwks.json</c>.</summary>
public sealed class SigningKeysTrigger(SigningKeysEndpoint endpoint)
{
    /// <inheritdoc cref="SigningKeysEndpoint.ServeAsync"/>
    [Function("SigningKeys")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = SigningKeysEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

using Burrow.Http.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/.well-known/jwks.json</c>.</summary>
public sealed class SigningKeysTrigger(SigningKeysEndpoint keys)
{
    private const string Route = ".well-known/jwks.json";

    /// <inheritdoc cref="SigningKeysEndpoint.GetAsync"/>
    [Function(nameof(SigningKeysTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        keys.GetAsync(request);

    /// <inheritdoc cref="SigningKeysEndpoint.RefuseAsync"/>
    [Function(nameof(SigningKeysTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        keys.RefuseAsync(request);
}

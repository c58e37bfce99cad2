using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/policies/{account}/{name}</c>.</summary>
public sealed class PolicyTrigger(PoliciesEndpoint endpoint)
{
    /// <inheritdoc cref="PoliciesEndpoint.ServeAsync"/>
    [Function("Policy")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = PoliciesEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

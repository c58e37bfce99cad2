using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/policies/{account}</c>.</summary>
public sealed class PoliciesTrigger(PoliciesEndpoint endpoint)
{
    /// <inheritdoc cref="PoliciesEndpoint.ServeListAsync"/>
    [Function("Policies")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = PoliciesEndpoint.ListRoute)]
        HttpRequest request) => endpoint.ServeListAsync(request);
}

using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/limits/{account}</c>.</summary>
public sealed class AccountLimitsTrigger(LimitsEndpoint endpoint)
{
    /// <inheritdoc cref="LimitsEndpoint.ServeAsync"/>
    [Function("AccountLimits")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = LimitsEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/stats/{account}</c>.</summary>
public sealed class AccountStatisticsTrigger(StatisticsEndpoint endpoint)
{
    /// <inheritdoc cref="StatisticsEndpoint.ServeAccountAsync"/>
    [Function("AccountStatistics")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = StatisticsEndpoint.AccountRoute)]
        HttpRequest request) => endpoint.ServeAccountAsync(request);
}

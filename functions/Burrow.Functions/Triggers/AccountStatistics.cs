using Burrow.Http.Service;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/stats/{account}</c>.</summary>
public sealed class AccountStatisticsTrigger(StatisticsEndpoint statistics)
{
    private const string Route = "stats/{account}";

    /// <inheritdoc cref="StatisticsEndpoint.GetAccountAsync"/>
    [Function(nameof(AccountStatisticsTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        statistics.GetAccountAsync(request);

    /// <inheritdoc cref="StatisticsEndpoint.RefuseAccountAsync"/>
    [Function(nameof(AccountStatisticsTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        statistics.RefuseAccountAsync(request);
}

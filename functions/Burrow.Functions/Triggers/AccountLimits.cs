using Burrow.Http;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/limits/{account}</c>.</summary>
public sealed class AccountLimits(LimitsEndpoint limits)
{
    private const string Route = "limits/{account}";

    /// <inheritdoc cref="LimitsEndpoint.GetAsync"/>
    [Function(nameof(AccountLimits) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        limits.GetAsync(request);

    /// <inheritdoc cref="LimitsEndpoint.PutAsync"/>
    [Function(nameof(AccountLimits) + nameof(Put))]
    public Task<IResult> Put([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request) =>
        limits.PutAsync(request);

    /// <inheritdoc cref="LimitsEndpoint.DeleteAsync"/>
    [Function(nameof(AccountLimits) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        limits.DeleteAsync(request);

    /// <inheritdoc cref="LimitsEndpoint.RefuseAsync"/>
    [Function(nameof(AccountLimits) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "post", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        limits.RefuseAsync(request);
}

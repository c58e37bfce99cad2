using Burrow.Http.Access;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/limits/{account}</c>.</summary>
public sealed class AccountLimitsTrigger(LimitsEndpoint limits)
{
    private const string Route = "limits/{account}";

    /// <inheritdoc cref="LimitsEndpoint.GetAsync"/>
    [Function(nameof(AccountLimitsTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        limits.GetAsync(request);

    /// <inheritdoc cref="LimitsEndpoint.PutAsync"/>
    [Function(nameof(AccountLimitsTrigger) + nameof(Put))]
    public Task<IResult> Put([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request) =>
        limits.PutAsync(request);

    /// <inheritdoc cref="LimitsEndpoint.DeleteAsync"/>
    [Function(nameof(AccountLimitsTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        limits.DeleteAsync(request);

    /// <inheritdoc cref="LimitsEndpoint.RefuseAsync"/>
    [Function(nameof(AccountLimitsTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "post", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        limits.RefuseAsync(request);
}

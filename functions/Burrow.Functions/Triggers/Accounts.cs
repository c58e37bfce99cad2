using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0</c>.</summary>
public sealed class AccountsTrigger(AccountsEndpoint accounts)
{
    private const string Route = "v1.0";

    /// <inheritdoc cref="AccountsEndpoint.GetAsync"/>
    [Function(nameof(AccountsTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        accounts.GetAsync(request);

    /// <inheritdoc cref="AccountsEndpoint.DeleteAsync"/>
    [Function(nameof(AccountsTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        accounts.DeleteAsync(request);

    /// <inheritdoc cref="AccountsEndpoint.RefuseAsync"/>
    [Function(nameof(AccountsTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        accounts.RefuseAsync(request);
}

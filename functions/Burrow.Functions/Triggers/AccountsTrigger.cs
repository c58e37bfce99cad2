using Burrow.Http.Messages;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/v1.0</c>.</summary>
public sealed class AccountsTrigger(AccountsEndpoint endpoint)
{
    /// <inheritdoc cref="AccountsEndpoint.ServeAsync"/>
    [Function("Accounts")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = AccountsEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

using Burrow.Http.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/subscriptions/{account}</c>.</summary>
public sealed class SubscriptionsTrigger(SubscriptionsEndpoint endpoint)
{
    /// <inheritdoc cref="SubscriptionsEndpoint.ServeListAsync"/>
    [Function("Subscriptions")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = SubscriptionsEndpoint.ListRoute)]
        HttpRequest request) => endpoint.ServeListAsync(request);
}

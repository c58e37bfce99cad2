using Burrow.Http.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/subscriptions/{account}/{name}</c>.</summary>
public sealed class SubscriptionTrigger(SubscriptionsEndpoint endpoint)
{
    /// <inheritdoc cref="SubscriptionsEndpoint.ServeAsync"/>
    [Function("Subscription")]
    public Task<IResult> Run(
        [HttpTrigger(
            AuthorizationLevel.Anonymous, "get", "head", "put", "post", "delete", "patch", "options", "trace",
            Route = SubscriptionsEndpoint.Route)]
        HttpRequest request) => endpoint.ServeAsync(request);
}

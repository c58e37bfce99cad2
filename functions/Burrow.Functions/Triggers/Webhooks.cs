using Burrow.Http.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/subscriptions/{account}</c>.</summary>
public sealed class SubscriptionsTrigger(SubscriptionsEndpoint subscriptions)
{
    private const string Route = "subscriptions/{account}";

    /// <inheritdoc cref="SubscriptionsEndpoint.ListAsync"/>
    [Function(nameof(SubscriptionsTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        subscriptions.ListAsync(request);

    /// <inheritdoc cref="SubscriptionsEndpoint.RefuseListAsync"/>
    [Function(nameof(SubscriptionsTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "put", "post", "delete", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        subscriptions.RefuseListAsync(request);
}

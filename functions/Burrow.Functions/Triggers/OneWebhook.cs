using Burrow.Http.Events;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Functions.Triggers;

/// <summary><c>/subscriptions/{account}/{name}</c>.</summary>
public sealed class SubscriptionTrigger(SubscriptionsEndpoint subscriptions)
{
    private const string Route = "subscriptions/{account}/{name}";

    /// <inheritdoc cref="SubscriptionsEndpoint.GetAsync"/>
    [Function(nameof(SubscriptionTrigger) + nameof(Get))]
    public Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request) =>
        subscriptions.GetAsync(request);

    /// <inheritdoc cref="SubscriptionsEndpoint.PutAsync"/>
    [Function(nameof(SubscriptionTrigger) + nameof(Put))]
    public Task<IResult> Put([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request) =>
        subscriptions.PutAsync(request);

    /// <inheritdoc cref="SubscriptionsEndpoint.DeleteAsync"/>
    [Function(nameof(SubscriptionTrigger) + nameof(Delete))]
    public Task<IResult> Delete([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = Route)] HttpRequest request) =>
        subscriptions.DeleteAsync(request);

    /// <inheritdoc cref="SubscriptionsEndpoint.RefuseAsync"/>
    [Function(nameof(SubscriptionTrigger) + nameof(Refuse))]
    public Task<IResult> Refuse([HttpTrigger(AuthorizationLevel.Anonymous, "post", "patch", "options", "trace", Route = Route)] HttpRequest request) =>
        subscriptions.RefuseAsync(request);
}

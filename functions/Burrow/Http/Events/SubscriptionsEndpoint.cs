using Burrow.Access;
using Burrow.Events.Reconciling;
using Burrow.Events.Subscriptions;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Events;

/// <summary><c>/subscriptions/{account}</c> and <c>/subscriptions/{account}/{name}</c>: webhooks that hear of an account's messages.</summary>
public sealed class SubscriptionsEndpoint
{
    private readonly Responder responder;
    private readonly SubscriptionService? subscriptions;
    private readonly WebhookRules rules;

    internal SubscriptionsEndpoint(Responder responder, SubscriptionService? subscriptions, WebhookRules rules) =>
        (this.responder, this.subscriptions, this.rules) = (responder, subscriptions, rules);

    private const int BodyBytes = 256 * 1024;

    private static readonly Resource All = new("/subscriptions/{account}", "GET", "HEAD");
    private static readonly Resource One = new("/subscriptions/{account}/{name}", "GET", "HEAD", "PUT", "DELETE");

    /// <summary>Lists an account's.</summary>
    public Task<IResult> ListAsync(HttpRequest request) => responder.ServeAsync(request, All, async serving =>
    {
        var account = RequestPath.Subscriptions(request);
        var missing = new NotFoundException("No such account, or it has no subscription.");
        await serving.DemandAsync(OperationPolicy.Subscribe, account, missing);
        var all = await On.ListAsync(account, serving.Caller.Spec.Queues, serving.Aborted);
        return all.Count == 0 ? throw missing : Answer.OfArray(all, SubscriptionJson.Write);
    });

    /// <summary>Shows one, and how it stands.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, One, async serving =>
    {
        var (account, name) = RequestPath.Subscription(request);
        await serving.DemandAsync(OperationPolicy.Subscribe, account, NotFound());
        return Show(200, await On.GetAsync(account, name, serving.Caller.Spec.Queues, serving.Aborted) ?? throw NotFound());
    });

    /// <summary>Asks for one: 201 if it is new, else 200.</summary>
    public Task<IResult> PutAsync(HttpRequest request) => responder.ServeAsync(request, One, async serving =>
    {
        var (account, name) = RequestPath.Subscription(request);
        await serving.DemandAsync(OperationPolicy.Subscribe, account, NotFound());
        using var body = await serving.BorrowBodyAsync(BodyBytes);
        var (spec, headers) = SubscriptionJson.Read(body.WrittenMemory, rules);
        var (subscription, created) = await On.PutAsync(
            account, name, spec, headers, serving.Caller.Spec.Queues, serving.Limits.Subscriptions, serving.Aborted);
        return Show(created ? 201 : 200, subscription);
    });

    /// <summary>Asks for the end of one; it is there, deleting, until Event Grid has forgotten it.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => responder.ServeAsync(request, One, async serving =>
    {
        var (account, name) = RequestPath.Subscription(request);
        await serving.DemandAsync(OperationPolicy.Subscribe, account, NotFound());
        return Show(200, await On.DeleteAsync(account, name, serving.Caller.Spec.Queues, serving.Aborted) ?? throw NotFound());
    });

    /// <summary>405, for the list.</summary>
    public Task<IResult> RefuseListAsync(HttpRequest request) => responder.RefuseAsync(request, request => RequestPath.Subscriptions(request), All);

    /// <summary>405, for one.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, request => RequestPath.Subscription(request), One);

    private SubscriptionService On => subscriptions ?? throw new UnavailableException("This service has no Event Grid, so there are no subscriptions.");

    private static Answer Show(int status, Subscription subscription) => Answer.OfJson(status, json => SubscriptionJson.Write(json, subscription));

    private static NotFoundException NotFound() => new("No such account or subscription.");
}

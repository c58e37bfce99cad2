using Burrow.Access;
using Burrow.Events.Reconciling;
using Burrow.Events.Subscriptions;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Events;

/// <summary><c>/subscriptions/{account}</c> and <c>/subscriptions/{account}/{name}</c>: an account's webhooks.</summary>
public sealed class SubscriptionsEndpoint : IEndpoint
{
    /// <summary>The path of all subscriptions of an account.</summary>
    public const string ListRoute = "subscriptions/{account}";

    /// <summary>The path of one subscription.</summary>
    public const string Route = "subscriptions/{account}/{name}";

    private const int MaxBodyBytes = 256 * 1024;

    private readonly Responder responder;
    private readonly SubscriptionService? subscriptions;
    private readonly WebhookRules rules;
    private readonly Resource list;
    private readonly Resource resource;

    internal SubscriptionsEndpoint(Responder responder, SubscriptionService? subscriptions, WebhookRules rules)
    {
        (this.responder, this.subscriptions, this.rules) = (responder, subscriptions, rules);
        list = new Resource<AccountName>(ListRoute, path => path.Account) { Get = ListAsync };
        resource = new Resource<SubscriptionPath>(Route, path => new(path.Account, SubscriptionName.Parse(path["name"])))
        {
            Get = GetAsync,
            Put = PutAsync,
            Delete = DeleteAsync,
        };
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, resource];

    private SubscriptionService Service =>
        subscriptions ?? throw new NotConfiguredException(
            "This service has no events: its operator has not set Burrow:Events:TopicEndpoint, so there are no webhooks.");

    /// <summary>GET lists an account's subscriptions.</summary>
    public Task<IResult> ServeListAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>
    /// GET shows a subscription and its state. PUT asks for one: 201 if it is new, else 200. DELETE asks for its removal: its state is
    /// deleting until Event Grid has removed it.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, AccountName account)
    {
        var missing = new NotFoundException("No such account, or it has no subscription.");
        var authorized = await AuthorizeAsync(context, account, missing);
        var all = await Service.ListAsync(account, authorized.Caller.Spec.Queues, context.Aborted);
        return all.Count == 0 ? throw missing : Answer.OfArray(all, SubscriptionJson.Write);
    }

    private async Task<Answer> GetAsync(RequestContext context, SubscriptionPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        return Show(
            200, await Service.GetAsync(path.Account, path.Name, authorized.Caller.Spec.Queues, context.Aborted) ?? throw NotFound());
    }

    private async Task<Answer> PutAsync(RequestContext context, SubscriptionPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfManagement(path.Account, NotFound()));
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.Subscribe, MaxBodyBytes);
        var (spec, headers) = SubscriptionJson.Read(body.Written, rules);
        var (subscription, created) = await Service.PutAsync(
            path.Account,
            path.Name,
            spec,
            headers,
            authorized.Caller.Spec.Queues,
            authorized.ShareOf(authorized.Limits.Subscriptions),
            context.Aborted);
        return Show(created ? 201 : 200, subscription);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, SubscriptionPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        return Show(
            200, await Service.DeleteAsync(path.Account, path.Name, authorized.Caller.Spec.Queues, context.Aborted) ?? throw NotFound());
    }

    private static Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, AccountName account, NotFoundException missing) =>
        context.AuthorizeAsync(RequestTarget.OfManagement(account, missing), OperationPolicy.Subscribe);

    private static Answer Show(int status, Subscription subscription) =>
        Answer.OfJson(status, json => SubscriptionJson.Write(json, subscription));

    private static NotFoundException NotFound() => new("No such account or subscription.");

    private sealed record SubscriptionPath(AccountName Account, SubscriptionName Name);
}

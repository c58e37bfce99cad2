using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Relays;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary>
/// <c>/relays/{account}</c>, <c>/relays/{account}/{name}</c> and <c>/relays/{account}/{name}/missing</c>: how messages of an account come
/// to other deployments.
/// </summary>
public sealed class RelaysEndpoint : IEndpoint
{
    /// <summary>The path of all relays of an account.</summary>
    public const string ListRoute = "relays/{account}";

    /// <summary>The path of one relay.</summary>
    public const string Route = "relays/{account}/{name}";

    /// <summary>The path of what the other side of a relay may lack.</summary>
    public const string MissingRoute = "relays/{account}/{name}/missing";

    private readonly Responder responder;
    private readonly QueueRelays relays;
    private readonly RelayRules rules;
    private readonly RelayKeys keys;
    private readonly Resource list;
    private readonly Resource resource;
    private readonly Resource missing;

    internal RelaysEndpoint(Responder responder, QueueEngine queues, RelayRules rules, RelayKeys keys)
    {
        (this.responder, relays, this.rules, this.keys) = (responder, queues.Relays, rules, keys);
        list = new Resource<AccountName>(ListRoute, path => path.Account) { Get = ListAsync };
        resource = new Resource<RelayPath>(Route, PathOf) { Get = GetAsync, Put = PutAsync, Delete = DeleteAsync };
        missing = new Resource<RelayPath>(MissingRoute, PathOf) { Get = MissingAsync };

        static RelayPath PathOf(ResourcePath path) => new(path.Account, RelayName.Parse(path["name"]));
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, resource, missing];

    /// <summary>GET lists an account's relays, and how far they have come.</summary>
    public Task<IResult> ServeListAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>
    /// GET shows a relay. PUT makes it, 201 if it is new, else 200; it begins at once. DELETE ends it, drops what it has not sent, and
    /// shows what it was.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    /// <summary>GET lists the messages that the other side may lack.</summary>
    public Task<IResult> ServeMissingAsync(HttpRequest request) => responder.ServeAsync(request, missing);

    private async Task<Answer> ListAsync(RequestContext context, AccountName account)
    {
        var none = new NotFoundException("No such account, or it has no relay.");
        var authorized = await AuthorizeAsync(context, account, none);
        var all = await relays.ListAsync(account, authorized.Caller.Spec.Queues, context.Aborted);
        return all.Count == 0 ? throw none : Answer.OfArray(all, RelayJson.Write);
    }

    private async Task<Answer> GetAsync(RequestContext context, RelayPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        return Show(
            200, await relays.GetAsync(path.Account, path.Name, authorized.Caller.Spec.Queues, context.Aborted) ?? throw NotFound());
    }

    private async Task<Answer> PutAsync(RequestContext context, RelayPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfManagement(path.Account, NotFound()));
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.ManageRelays, HttpLimits.AccessBodyBytes);
        if (!rules.AllowSome)
        {
            throw new NotConfiguredException(
                "This service sends to no other deployment: its operator has not set Burrow:Relays:AllowedHosts, so there are no relays.");
        }

        var scope = authorized.Caller.Spec.Queues;
        var relay = RelayJson.Read(body.Written, path.Account, path.Name, rules, keys);
        var (stored, isNew) = await relays.PutAsync(path.Account, relay, scope, context.Aborted);
        return Show(
            isNew ? 201 : 200,
            await relays.GetAsync(path.Account, path.Name, scope, context.Aborted) ?? new(stored, RelayPhase.Preparing, null, []));
    }

    private async Task<Answer> DeleteAsync(RequestContext context, RelayPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        var scope = authorized.Caller.Spec.Queues;
        var shown = await relays.GetAsync(path.Account, path.Name, scope, context.Aborted) ?? throw NotFound();
        await relays.DeleteAsync(path.Account, path.Name, scope, context.Aborted);
        return Show(200, shown);
    }

    private async Task<Answer> MissingAsync(RequestContext context, RelayPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        var (messages, more) = await relays.MissingAsync(path.Account, path.Name, authorized.Caller.Spec.Queues, context.Aborted)
            ?? throw NotFound();
        return Answer.OfArray(messages, RelayJson.Write).With("Burrow-More", more ? "true" : null);
    }

    private static async Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, AccountName account, NotFoundException none)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfManagement(account, none), OperationPolicy.ManageRelays);
        new QueryParameters(context.Request).CheckAll();
        return authorized;
    }

    private static Answer Show(int status, RelayState relay) => Answer.OfJson(status, json => RelayJson.Write(json, relay));

    private static NotFoundException NotFound() => new("No such account or relay.");

    private sealed record RelayPath(AccountName Account, RelayName Name);
}

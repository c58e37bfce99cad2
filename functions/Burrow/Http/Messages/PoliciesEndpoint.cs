using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Queues.Policies;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Messages;

/// <summary><c>/policies/{account}</c> and <c>/policies/{account}/{name}</c>: how an account's queues behave.</summary>
public sealed class PoliciesEndpoint : IEndpoint
{
    /// <summary>The path of all policies of an account.</summary>
    public const string ListRoute = "policies/{account}";

    /// <summary>The path of one policy.</summary>
    public const string Route = "policies/{account}/{name}";

    private readonly Responder responder;
    private readonly QueuePolicies policies;
    private readonly Resource list;
    private readonly Resource resource;

    /// <param name="responder">Serves the requests.</param>
    /// <param name="queues">Holds the policies.</param>
    public PoliciesEndpoint(Responder responder, QueueEngine queues)
    {
        (this.responder, policies) = (responder, queues.Policies);
        list = new Resource<AccountName>(ListRoute, path => path.Account) { Get = ListAsync };
        resource = new Resource<PolicyPath>(Route, path => new(path.Account, PolicyName.Parse(path["name"])))
        {
            Get = GetAsync,
            Put = PutAsync,
            Delete = DeleteAsync,
        };
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, resource];

    /// <summary>GET lists an account's policies; with <c>queue</c>, it shows the one that holds for that queue.</summary>
    public Task<IResult> ServeListAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>GET shows a policy. PUT makes it, 201 if it is new, else 200. DELETE deletes it, and shows what it was.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, AccountName account)
    {
        var missing = new NotFoundException("No such account, or it has no policy that matches.");
        var authorized = await AuthorizeAsync(context, account, missing);
        if (CheckParameters(context).Queue is { } queue)
        {
            authorized.Caller.RequireQueue(queue);
            return Show(200, await policies.InForceAsync(new(account, queue), context.Aborted) ?? throw missing);
        }

        var all = await policies.ListAsync(account, authorized.Caller.Spec.Queues, context.Aborted);
        return all.Count == 0 ? throw missing : Answer.OfArray(all, PolicyJson.Write);
    }

    private async Task<Answer> GetAsync(RequestContext context, PolicyPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        CheckParameters(context);
        var all = await policies.ListAsync(path.Account, authorized.Caller.Spec.Queues, context.Aborted);
        return Show(200, all.FirstOrDefault(policy => policy.Name == path.Name) ?? throw NotFound());
    }

    private async Task<Answer> PutAsync(RequestContext context, PolicyPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfManagement(path.Account, NotFound()));
        CheckParameters(context);
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.ManagePolicies, HttpLimits.AccessBodyBytes);
        var policy = PolicyJson.Read(body.Written, path.Name);
        var isNew = await policies.PutAsync(
            path.Account, policy, authorized.Caller.Spec.Queues, authorized.ShareOf(PolicyLimits.Policies), context.Aborted);
        return Show(isNew ? 201 : 200, policy);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, PolicyPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        CheckParameters(context);
        return Show(
            200, await policies.DeleteAsync(path.Account, path.Name, authorized.Caller.Spec.Queues, context.Aborted) ?? throw NotFound());
    }

    private static Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, AccountName account, NotFoundException missing) =>
        context.AuthorizeAsync(RequestTarget.OfManagement(account, missing), OperationPolicy.ManagePolicies);

    private static QueryParameters CheckParameters(RequestContext context)
    {
        var parameters = new QueryParameters(context.Request);
        parameters.CheckAll();
        return parameters;
    }

    private static Answer Show(int status, QueuePolicy policy) => Answer.OfJson(status, json => PolicyJson.Write(json, policy));

    private static NotFoundException NotFound() => new("No such account or policy.");

    private sealed record PolicyPath(AccountName Account, PolicyName Name);
}

using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Access;

/// <summary><c>/limits/{account}</c>: an account's limits.</summary>
public sealed class LimitsEndpoint : IEndpoint
{
    /// <summary>The path.</summary>
    public const string Route = "limits/{account}";

    private readonly Responder responder;
    private readonly Quotas quotas;
    private readonly Resource resource;

    internal LimitsEndpoint(Responder responder, Quotas quotas)
    {
        (this.responder, this.quotas) = (responder, quotas);
        resource = new Resource<AccountName>(Route, path => path.Account) { Get = GetAsync, Put = PutAsync, Delete = DeleteAsync };
    }

    IEnumerable<Resource> IEndpoint.Resources => [resource];

    /// <summary>GET shows the limits. PUT sets them, in place of all that was set before. DELETE restores the defaults.</summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> GetAsync(RequestContext context, AccountName account)
    {
        await AuthorizeAsync(context, account, OperationPolicy.ShowLimits);
        return await ShowAsync(context, account);
    }

    private async Task<Answer> PutAsync(RequestContext context, AccountName account)
    {
        var authorized = await context.AuthorizeAsync(TargetOf(account));
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.SetLimits, HttpLimits.AccessBodyBytes);
        var overrides = JsonMembers.Read(body.Written, json =>
        {
            JsonMembers.AllowOnly(json, "body", "an account's limits", [.. LimitOverrides.Members]);
            return new LimitOverrides(LimitOverrides.Bounds.ToDictionary(
                bound => bound.Name, bound => JsonMembers.GetInteger(json, bound.Name, bound.Least, bound.Most)));
        });
        await quotas.SetAsync(account, overrides, context.Aborted);
        return await ShowAsync(context, account);
    }

    private async Task<Answer> DeleteAsync(RequestContext context, AccountName account)
    {
        await AuthorizeAsync(context, account, OperationPolicy.SetLimits);
        await quotas.SetAsync(account, null, context.Aborted);
        return await ShowAsync(context, account);
    }

    private static Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, AccountName account, OperationPolicy policy) =>
        context.AuthorizeAsync(TargetOf(account), policy);

    private static RequestTarget TargetOf(AccountName account) => RequestTarget.OfManagement(account, new("No such account."));

    private async Task<Answer> ShowAsync(RequestContext context, AccountName account)
    {
        var limits = await quotas.ReadAsync(account, context.Aborted);
        return Answer.OfJson(200, json =>
        {
            json.WriteStartObject();
            foreach (var (name, value) in limits.Members)
                json.WriteNumber(name, value);
            json.WriteEndObject();
        });
    }
}

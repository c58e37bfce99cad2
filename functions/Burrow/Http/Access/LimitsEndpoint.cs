using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Access;

/// <summary><c>/limits/{account}</c>: what an account may.</summary>
public sealed class LimitsEndpoint
{
    private static readonly Resource Resource = new("/limits/{account}", "GET", "HEAD", "PUT", "DELETE");

    private readonly Responder responder;
    private readonly Quotas quotas;

    internal LimitsEndpoint(Responder responder, Quotas quotas) => (this.responder, this.quotas) = (responder, quotas);

    /// <summary>Shows it: what was set, and the defaults where nothing was.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => ServeAsync(request, OperationPolicy.ShowLimits, (_, _) => Task.CompletedTask);

    /// <summary>Sets it, in place of all that was set before.</summary>
    public Task<IResult> PutAsync(HttpRequest request) => ServeAsync(request, OperationPolicy.SetLimits, async (account, serving) =>
    {
        using var body = await serving.BorrowBodyAsync(Limits.AccessBodyBytes);
        var overrides = JsonMembers.Read(body.WrittenMemory, json =>
        {
            JsonMembers.AllowOnly(json, "body", "an account's limits", [.. LimitOverrides.Members]);
            return new LimitOverrides(LimitOverrides.Bounds.ToDictionary(
                bound => bound.Name, bound => JsonMembers.GetInteger(json, bound.Name, bound.Least, bound.Most)));
        });
        await quotas.SetAsync(account, overrides, serving.Aborted);
    });

    /// <summary>Back to the defaults.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) =>
        ServeAsync(request, OperationPolicy.SetLimits, (account, serving) => quotas.SetAsync(account, null, serving.Aborted));

    /// <summary>405.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, request => RequestPath.Limits(request), Resource);

    private Task<IResult> ServeAsync(HttpRequest request, OperationPolicy need, Func<AccountName, RequestContext, Task> serve) =>
        responder.ServeAsync(request, Resource, async serving =>
        {
            var account = RequestPath.Limits(request);
            await serving.DemandAsync(need, account, new("No such account."));
            await serve(account, serving);
            var limits = await quotas.ReadAsync(account, serving.Aborted);
            return Answer.OfJson(200, json =>
            {
                json.WriteStartObject();
                foreach (var (name, value) in limits.Members)
                    json.WriteNumber(name, value);
                json.WriteEndObject();
            });
        });
}

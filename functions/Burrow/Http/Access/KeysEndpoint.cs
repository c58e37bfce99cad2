using Burrow.Access;
using Burrow.Http.Pipeline;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Access;

/// <summary><c>/keys/{account}</c> and <c>/keys/{account}/{name}</c>: the keys of an account.</summary>
public sealed class KeysEndpoint
{
    private static readonly Resource All = new("/keys/{account}", "GET", "HEAD");
    private static readonly Resource One = new("/keys/{account}/{name}", "GET", "HEAD", "PUT", "DELETE");

    private readonly Responder responder;
    private readonly KeyService keys;

    internal KeysEndpoint(Responder responder, KeyService keys) => (this.responder, this.keys) = (responder, keys);

    /// <summary>Lists those that are no wider than the caller's own, without their secrets.</summary>
    public Task<IResult> ListAsync(HttpRequest request) => responder.ServeAsync(request, All, async serving =>
    {
        var account = RequestPath.Keys(request);
        var missing = new NotFoundException("No such account, or it has no key.");
        await serving.DemandAsync(OperationPolicy.ManageKeys, account, missing);
        var all = await keys.ListAsync(account, serving.Caller, serving.Aborted);
        return all.Count == 0 ? throw missing : Answer.OfArray(all, (json, key) => KeyJson.Write(json, key));
    });

    /// <summary>Shows one, without its secret.</summary>
    public Task<IResult> GetAsync(HttpRequest request) => responder.ServeAsync(request, One, async serving =>
    {
        var (account, name) = RequestPath.Key(request);
        await serving.DemandAsync(OperationPolicy.ManageKeys, account, NotFound());
        var key = await keys.GetAsync(account, name, serving.Caller, serving.Aborted) ?? throw NotFound();
        return Answer.OfJson(200, json => KeyJson.Write(json, key));
    });

    /// <summary>Makes one: 201, with its text, which nobody can have again; 409 if there is one of that name.</summary>
    public Task<IResult> PutAsync(HttpRequest request) => responder.ServeAsync(request, One, async serving =>
    {
        var (account, name) = RequestPath.Key(request);
        await serving.DemandAsync(OperationPolicy.ManageKeys, account, NotFound());
        using var body = await serving.BorrowBodyAsync(Limits.AccessBodyBytes);
        var (key, text) = await keys.CreateAsync(account, name, KeyJson.Read(body.WrittenMemory), serving.Caller, serving.Aborted);
        return Answer.OfJson(201, json => KeyJson.Write(json, key, text));
    });

    /// <summary>Revokes one, and what was made with it.</summary>
    public Task<IResult> DeleteAsync(HttpRequest request) => responder.ServeAsync(request, One, async serving =>
    {
        var (account, name) = RequestPath.Key(request);
        await serving.DemandAsync(OperationPolicy.ManageKeys, account, NotFound());
        var key = await keys.RevokeAsync(account, name, serving.Caller, serving.Aborted) ?? throw NotFound();
        return Answer.OfJson(200, json => KeyJson.Write(json, key));
    });

    /// <summary>405, for the list.</summary>
    public Task<IResult> RefuseListAsync(HttpRequest request) => responder.RefuseAsync(request, request => RequestPath.Keys(request), All);

    /// <summary>405, for one.</summary>
    public Task<IResult> RefuseAsync(HttpRequest request) => responder.RefuseAsync(request, request => RequestPath.Key(request), One);

    private static NotFoundException NotFound() => new("No such account or key.");
}

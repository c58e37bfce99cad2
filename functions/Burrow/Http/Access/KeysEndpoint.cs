using Burrow.Access;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Microsoft.AspNetCore.Http;

namespace Burrow.Http.Access;

/// <summary><c>/keys/{account}</c> and <c>/keys/{account}/{name}</c>: an account's keys.</summary>
public sealed class KeysEndpoint : IEndpoint
{
    /// <summary>The path of all keys of an account.</summary>
    public const string ListRoute = "keys/{account}";

    /// <summary>The path of one key.</summary>
    public const string Route = "keys/{account}/{name}";

    private readonly Responder responder;
    private readonly KeyService keys;
    private readonly Resource list;
    private readonly Resource resource;

    internal KeysEndpoint(Responder responder, KeyService keys)
    {
        (this.responder, this.keys) = (responder, keys);
        list = new Resource<AccountName>(ListRoute, path => path.Account) { Get = ListAsync };
        resource = new Resource<KeyPath>(Route, path => new(path.Account, KeyName.Parse(path["name"])))
        {
            Get = GetAsync,
            Put = PutAsync,
            Delete = DeleteAsync,
        };
    }

    IEnumerable<Resource> IEndpoint.Resources => [list, resource];

    /// <summary>GET lists the keys that are no wider than the caller's own, without their secrets.</summary>
    public Task<IResult> ServeListAsync(HttpRequest request) => responder.ServeAsync(request, list);

    /// <summary>
    /// GET shows a key, without its secret. PUT makes one: 201 with its text, which is shown only once, or 409 if the name exists. DELETE
    /// revokes one, with all keys and links that were made with it.
    /// </summary>
    public Task<IResult> ServeAsync(HttpRequest request) => responder.ServeAsync(request, resource);

    private async Task<Answer> ListAsync(RequestContext context, AccountName account)
    {
        var missing = new NotFoundException("No such account, or it has no key.");
        var authorized = await AuthorizeAsync(context, account, missing);
        var all = await keys.ListAsync(account, authorized.Caller, context.Aborted);
        return all.Count == 0 ? throw missing : Answer.OfArray(all, (json, key) => KeyJson.Write(json, key));
    }

    private async Task<Answer> GetAsync(RequestContext context, KeyPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        var key = await keys.GetAsync(path.Account, path.Name, authorized.Caller, context.Aborted) ?? throw NotFound();
        return Answer.OfJson(200, json => KeyJson.Write(json, key));
    }

    private async Task<Answer> PutAsync(RequestContext context, KeyPath path)
    {
        var authorized = await context.AuthorizeAsync(RequestTarget.OfManagement(path.Account, NotFound()));
        using var body = await authorized.AdmitWithBodyAsync(OperationPolicy.ManageKeys, HttpLimits.AccessBodyBytes);
        var spec = KeyJson.Read(body.Written);
        var (key, text) = await keys.CreateAsync(path.Account, path.Name, spec, authorized.Caller, context.Aborted);
        return Answer.OfJson(201, json => KeyJson.Write(json, key, text));
    }

    private async Task<Answer> DeleteAsync(RequestContext context, KeyPath path)
    {
        var authorized = await AuthorizeAsync(context, path.Account, NotFound());
        var key = await keys.RevokeAsync(path.Account, path.Name, authorized.Caller, context.Aborted) ?? throw NotFound();
        return Answer.OfJson(200, json => KeyJson.Write(json, key));
    }

    private static Task<AuthorizedRequest> AuthorizeAsync(RequestContext context, AccountName account, NotFoundException missing) =>
        context.AuthorizeAsync(RequestTarget.OfManagement(account, missing), OperationPolicy.ManageKeys);

    private static NotFoundException NotFound() => new("No such account or key.");

    private sealed record KeyPath(AccountName Account, KeyName Name);
}

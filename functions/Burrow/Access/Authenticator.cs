using Burrow.Queues;

namespace Burrow.Access;

/// <summary>Finds the caller of a request. <see cref="Caller"/> says what that caller may do.</summary>
internal sealed class Authenticator(AccessOptions options, KeyService keys, LinkSigner links, TimeProvider time)
{
    private const string Hint = "Send a key, as Authorization: Bearer brw_{id}_{secret}.";

    private readonly IReadOnlyDictionary<string, AdminKey> admins = AdminKey.ParseAll(options.AdminKeys);

    /// <summary>Whether callers need no key.</summary>
    public bool IsOpen => options.IsOpen;

    /// <summary>The caller that sends a key.</summary>
    /// <param name="authorization">The header <c>Authorization</c>; null if the request has none.</param>
    /// <exception cref="UnauthenticatedException">There is no key, or the key is not valid.</exception>
    public async Task<Caller> AuthenticateKeyAsync(string? authorization)
    {
        if (string.IsNullOrEmpty(authorization))
            throw new UnauthenticatedException(isMissing: true, $"This needs a key. {Hint}");
        const string scheme = "Bearer ";
        if (!authorization.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            || KeyToken.TryParse(authorization[scheme.Length..].Trim()) is not { } text)
        {
            throw new UnauthenticatedException(isMissing: false, $"This is no key. {Hint}");
        }

        if (admins.TryGetValue(text.Id, out var admin) && text.Matches(admin.Hash))
            return Caller.Of(admin);
        return await keys.VerifyAsync(text) is var (key, share)
            ? Caller.Of(key, share)
            : throw new UnauthenticatedException(isMissing: false, "There is no such key: it never was, has expired or was revoked.");
    }

    /// <summary>The caller who made a link. The link allows what it is for, as far as its maker's key allows that.</summary>
    /// <param name="token">The token in the URL.</param>
    /// <param name="queue">The queue of the URL.</param>
    /// <param name="id">The message of the URL, if the URL is of one message.</param>
    /// <param name="method">The method of the request; for HEAD, this is GET.</param>
    /// <param name="parameters">The parameters of the request, all that have a meaning.</param>
    /// <exception cref="UnauthenticatedException">The link was not made here, has expired or was revoked.</exception>
    /// <exception cref="ForbiddenException">The link is for another method or other parameters.</exception>
    public async Task<Caller> AuthenticateLinkAsync(
        string token, QueueAddress queue, MessageId? id, string method, IReadOnlyDictionary<string, string> parameters)
    {
        if (links.Verify(token, queue, id) is not { } terms)
            throw new UnauthenticatedException(isMissing: false, "This link was not made here, or not for this.");
        if (time.GetUtcNow().ToUnixTimeSeconds() >= terms.Expires)
            throw new UnauthenticatedException(isMissing: false, "This link has expired.");
        // A link of the operator, too, allows only what it is for: the caller is of this account, not of all.
        var caller = admins.TryGetValue(terms.Key, out var admin) ? Caller.Of(admin) with { Account = queue.Account, HasLink = true }
            : await keys.FindAsync(new KeyId(terms.Key)) is var (key, share) ? Caller.Of(key, share) with { HasLink = true }
            : throw new UnauthenticatedException(isMissing: false, "The key that this link was made with has expired or was revoked.");
        if (terms.Method != method)
            throw new ForbiddenException($"This link is for {terms.Method}.");
        foreach (var (name, value) in parameters)
        {
            if (!terms.Parameters.TryGetValue(name, out var allowed))
                throw new ForbiddenException($"This link doesn't allow the parameter {name}.");
            if (allowed is not null && allowed != value)
                throw new ForbiddenException($"This link is for {name}={allowed}.");
        }

        foreach (var (name, value) in terms.Parameters)
        {
            if (value is not null && !parameters.ContainsKey(name))
                throw new ForbiddenException($"This link is for {name}={value}.");
        }

        return caller;
    }
}

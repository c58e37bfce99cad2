using Burrow.Queues;

namespace Burrow.Access;

/// <summary>Says who asks. What it may then is <see cref="Caller"/>'s to say.</summary>
internal sealed class Authenticator(AccessOptions options, KeyService keys, LinkSigner links, TimeProvider time)
{
    private const string Hint = "Send a key, as Authorization: Bearer brw_{id}_{secret}.";

    private readonly IReadOnlyDictionary<string, AdminKey> admins = AdminKey.ParseAll(options.AdminKeys);

    /// <summary>Whether nobody needs a key.</summary>
    public bool IsOpen => options.IsOpen;

    /// <summary>Who has that key.</summary>
    /// <param name="authorization">The header <c>Authorization</c>, if there is one.</param>
    /// <exception cref="UnauthenticatedException">There is none, or it is no good.</exception>
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
        return await keys.VerifyAsync(text) is { } key
            ? Caller.Of(key)
            : throw new UnauthenticatedException(isMissing: false, "There is no such key: it never was, has expired or was revoked.");
    }

    /// <summary>Who made that link: it may what it is for, as far as he may.</summary>
    /// <param name="token">What the URL says.</param>
    /// <param name="queue">Of the URL.</param>
    /// <param name="id">Of the URL, if it is of one message.</param>
    /// <param name="method">Of the request; GET of HEAD.</param>
    /// <param name="parameters">Of the request, all that mean something.</param>
    /// <exception cref="UnauthenticatedException">Nobody made it, it has expired or was revoked.</exception>
    /// <exception cref="ForbiddenException">It is for something else.</exception>
    public async Task<Caller> AuthenticateLinkAsync(
        string token, QueueAddress queue, MessageId? id, string method, IReadOnlyDictionary<string, string> parameters)
    {
        if (links.Verify(token, queue, id) is not { } terms)
            throw new UnauthenticatedException(isMissing: false, "This link was not made here, or not for this.");
        if (time.GetUtcNow().ToUnixTimeSeconds() >= terms.Expires)
            throw new UnauthenticatedException(isMissing: false, "This link has expired.");
        // Of the operator, too, only what it is for.
        var caller = admins.TryGetValue(terms.Key, out var admin) ? Caller.Of(admin) with { Account = queue.Account }
            : await keys.FindAsync(new KeyId(terms.Key)) is { } key ? Caller.Of(key)
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

using System.Text.Json;

namespace Burrow.Client;

/// <summary>The keys of an account (docs/reference/permissions.md).</summary>
public sealed class BurrowKeys
{
    private readonly Transport transport;
    private readonly string account;

    internal BurrowKeys(Transport transport, string account) => (this.transport, this.account) = (transport, account);

    /// <summary>All keys, by name, without their secrets.</summary>
    public async Task<IReadOnlyList<Key>> ListAsync(CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(new(HttpMethod.Get, "list keys", "keys", account), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.KeyArray) ?? [];

    /// <summary>A key, without its secret; null: there is none of that name.</summary>
    public async Task<Key?> GetAsync(string name, CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Of(HttpMethod.Get, "get key", name), cancellationToken).ConfigureAwait(false))
            .IfFound()?.Read(WireJson.Default.Key);

    /// <summary>Makes a key. It is not sent again if its answer is lost, as the secret is shown only once.</summary>
    /// <param name="name">Its name: 1 to 64 of <c>a-z</c>, <c>0-9</c> and <c>-</c>.</param>
    /// <param name="allow">What it allows.</param>
    /// <param name="queues">For which queues: a name, a beginning and <c>*</c>, or <c>*</c>.</param>
    /// <param name="expires">Until when it is good; null: for ever.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="BurrowConflictException">There is a key of that name.</exception>
    public async Task<Key> CreateAsync(
        string name,
        IReadOnlyList<string> allow,
        string queues = "*",
        DateTimeOffset? expires = null,
        CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new WireKey(queues, allow, expires), WireJson.Default.WireKey);
        var call = Of(HttpMethod.Put, "create key", name, body);
        return (await transport.SendAsync(call, cancellationToken).ConfigureAwait(false)).Ensure().Read(WireJson.Default.Key);
    }

    /// <summary>Revokes a key.</summary>
    /// <returns>Whether it was there.</returns>
    public async Task<bool> RevokeAsync(string name, CancellationToken cancellationToken = default) =>
        (await transport.SendAsync(Of(HttpMethod.Delete, "revoke key", name), cancellationToken).ConfigureAwait(false))
            .IfFound() is not null;

    private Call Of(HttpMethod method, string operation, string name, byte[]? body = null) =>
        new(method, operation, "keys", account, Names.Check(name, nameof(name)))
        {
            Repeat = body is null ? Repeat.Always : Repeat.IfNotDone,
            Body = body,
            ContentType = body is null ? null : "application/json",
        };
}

/// <summary>A new key as it is asked for.</summary>
internal sealed record WireKey(string Queues, IReadOnlyList<string> Allow, DateTimeOffset? Expires);

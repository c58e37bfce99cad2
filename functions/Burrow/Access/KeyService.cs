using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Access;

/// <summary>
/// The keys of accounts. A key is valid while it is in its table and has not expired, and the same holds for every key before it
/// that it was made with. So one deletion revokes a key and all that was made with it, and no revocation can stop half done.
/// </summary>
internal sealed partial class KeyService
{
    private readonly AccessTable table;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ReadCache<KeyId, CachedKey> cache;
    private readonly byte[] mac;

    /// <summary>Limits the lookups of ids that were not made under this deployment's secret.</summary>
    private readonly TokenBucket unknownKeys;

    /// <param name="table">The table of the keys.</param>
    /// <param name="secret">
    /// The deployment's secret. Under another secret, existing keys stay valid, but the process finds them more slowly.
    /// </param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public KeyService(AccessTable table, string? secret, TimeProvider time, ILogger<KeyService> logger)
    {
        (this.table, this.time, this.logger) = (table, time, logger);
        mac = DeploymentSecret.Derive(secret ?? "", "burrow key ids");
        unknownKeys = new(time);
        cache = new(time, ReadAsync);
    }

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Makes a key.</summary>
    /// <param name="account">The account of the key.</param>
    /// <param name="name">The name of the key.</param>
    /// <param name="spec">What the key allows.</param>
    /// <param name="maker">The caller who makes the key.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The key, and its text, which is never shown again.</returns>
    /// <exception cref="ConflictException">The account has a key of that name.</exception>
    /// <exception cref="ForbiddenException">The key would be wider than the key that it is made with.</exception>
    /// <exception cref="QuotaExceededException">The account has as many keys as it may have.</exception>
    public async Task<(AccessKey Key, string Text)> CreateAsync(
        AccountName account, KeyName name, KeySpec spec, Caller maker, CancellationToken cancellationToken)
    {
        maker.RequireWithin(spec);
        if (spec.Expires is { } expires && expires <= Now)
            throw new InvalidRequestException("expires", "expires is an instant to come.");
        if (!maker.IsAdmin && spec.Expires is null && maker.Spec.Expires is { } end)
            spec = spec with { Expires = end };
        if (maker.Generation + 1 >= AccessLimits.KeyGenerations)
        {
            throw new ForbiddenException(
                $"A key is made with one that was made with another, and so on, {AccessLimits.KeyGenerations} in all; use an older one.");
        }

        // A key that is made with a revoked key would not work, and its user would not learn why. So read the maker's key anew.
        if (!maker.IsAdmin && maker.Key != KeyId.Anonymous)
        {
            cache.Forget(maker.Key);
            if (await FindAsync(maker.Key) is null)
                throw new UnauthenticatedException(isMissing: false, "This key was revoked.");
        }

        var all = await table.ListAsync(account, cancellationToken);
        if (all.Count >= AccessLimits.KeysPerAccount)
        {
            await RemoveInvalidAsync(account);
            all = await table.ListAsync(account, cancellationToken);
        }

        var old = all.FirstOrDefault(stored => stored.Key.Name == name);
        // A key that was made with a deleted key is itself invalid. Its row may still exist, but its name is free.
        if (old is not null && await HasValidParentsAsync(old.Key))
            throw Exists(name);
        if (old is null && !maker.IsAdmin && all.Count >= AccessLimits.KeysPerAccount)
            throw new QuotaExceededException($"An account has at most {AccessLimits.KeysPerAccount} keys.");
        var id = KeyId.New(account, name, mac);
        var (text, hash) = KeyToken.New(id);
        var key = new AccessKey
        {
            Account = account,
            Name = name,
            Spec = spec,
            Created = Now,
            Id = id,
            Hash = hash,
            ParentKey = maker.Key,
            Generation = maker.Generation + 1,
        };
        return await table.WriteAsync(key, old, cancellationToken) ? (key, text) : throw Exists(name);

        static ConflictException Exists(KeyName name) => new($"There is a key '{name}' already. Delete it first, or take another name.");
    }

    /// <summary>An account's keys that are no wider than the caller's own, in the order of their names.</summary>
    public async Task<IReadOnlyList<AccessKey>> ListAsync(AccountName account, Caller caller, CancellationToken cancellationToken)
    {
        var shown = new List<AccessKey>();
        foreach (var stored in await table.ListAsync(account, cancellationToken))
        {
            if (caller.Covers(stored.Key.Spec) && await HasValidParentsAsync(stored.Key))
                shown.Add(stored.Key);
        }

        return shown;
    }

    /// <summary>One of these keys; null if there is none.</summary>
    public async Task<AccessKey?> GetAsync(AccountName account, KeyName name, Caller caller, CancellationToken cancellationToken) =>
        (await FindAsync(account, name, caller, cancellationToken))?.Key;

    /// <summary>
    /// Revokes one of these keys, and all that was made with it. A process may still accept it for up to
    /// <see cref="AccessLimits.AccessFreshness"/>.
    /// </summary>
    /// <returns>The key as it was; null if there is none.</returns>
    public async Task<AccessKey?> RevokeAsync(AccountName account, KeyName name, Caller caller, CancellationToken cancellationToken)
    {
        while (await FindAsync(account, name, caller, cancellationToken) is { } stored)
        {
            if (stored.Key.Id != caller.Key && await IsDescendantAsync(caller.Key, stored.Key.Id))
                throw new ForbiddenException("A key doesn't revoke the one that it was made with.");
            if (!await table.RemoveAsync(stored, cancellationToken))
                continue;
            cache.Forget(stored.Key.Id);
            await RemoveInvalidAsync(account);
            return stored.Key;
        }

        return null;
    }

    /// <summary>The key of that text, if it is valid; null if not.</summary>
    public async Task<AccessKey?> VerifyAsync(KeyToken text)
    {
        if (!KeyId.IsMatch(text.Id) || await cache.GetAsync(new(text.Id)) is not { } found || !text.Matches(found.Stored.Key.Hash))
            return null;
        if (!await IsValidAsync(found.Stored.Key))
            return null;
        NoteUsed(found);
        return found.Stored.Key;
    }

    /// <summary>The key of that id, if it is valid; null if not.</summary>
    public async Task<AccessKey?> FindAsync(KeyId id) =>
        KeyId.IsMatch(id.Value) && await cache.GetAsync(id) is { } found && await IsValidAsync(found.Stored.Key) ? found.Stored.Key : null;

    private async Task<StoredKey?> FindAsync(AccountName account, KeyName name, Caller caller, CancellationToken cancellationToken) =>
        await table.GetAsync(account, name, cancellationToken) is { } stored
            && caller.Covers(stored.Key.Spec)
            && await HasValidParentsAsync(stored.Key)
            ? stored
            : null;

    private async Task<bool> IsValidAsync(AccessKey key) =>
        !(key.Spec.Expires <= Now) && await HasValidParentsAsync(key);

    /// <summary>
    /// Reads a key once. Ids that were not made under this secret are limited to <see cref="AccessLimits.UnknownKeysPerSecond"/> reads,
    /// so callers without a key cannot flood an account's partition.
    /// </summary>
    private async Task<CachedKey?> ReadAsync(KeyId id)
    {
        if (!id.HasValidCheck(mac) && unknownKeys.Take(AccessLimits.UnknownKeysPerSecond) > TimeSpan.Zero)
            throw new UnavailableException("Too many keys are asked for that aren't known here. Try again.");
        return await table.FindAsync(id) is { } stored ? new(stored) : null;
    }

    /// <summary>Whether a key was made with another one, directly or through keys between them.</summary>
    private async Task<bool> IsDescendantAsync(KeyId id, KeyId maker)
    {
        while (KeyId.IsMatch(id.Value) && await cache.GetAsync(id) is { } found)
        {
            id = found.Stored.Key.ParentKey;
            if (id == maker)
                return true;
        }

        return false;
    }

    /// <summary>
    /// Whether all keys that a key was made with still exist. Their expiry is not checked: they last at least as long as the key.
    /// </summary>
    private async Task<bool> HasValidParentsAsync(AccessKey key)
    {
        while (KeyId.IsMatch(key.ParentKey.Value))
        {
            if (await cache.GetAsync(key.ParentKey) is not { } maker)
                return false;
            key = maker.Stored.Key;
        }

        return true;
    }

    /// <summary>Removes keys that have expired or were made with a key that is gone. No other code relies on this.</summary>
    private async Task RemoveInvalidAsync(AccountName account)
    {
        foreach (var stored in await table.ListAsync(account, CancellationToken.None))
        {
            if (!await IsValidAsync(stored.Key) && await table.RemoveAsync(stored, CancellationToken.None))
                cache.Forget(stored.Key.Id);
        }
    }

    /// <summary>Notes the use of a key, once an hour in each process. The request does not wait for it.</summary>
    private void NoteUsed(CachedKey found)
    {
        var hour = new DateTimeOffset(Now.UtcTicks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
        if (found.Stored.Key.Used >= hour || Interlocked.Exchange(ref found.Noted, hour.UtcTicks) == hour.UtcTicks)
            return;
        using (ExecutionContext.SuppressFlow())
            _ = NoteAsync();

        async Task NoteAsync()
        {
            try
            {
                await table.NoteUsedAsync(found.Stored, hour);
            }
            catch (TableUnavailableException e)
            {
                NotNoted(e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "That a key was used could not be noted: {Reason}")]
    private partial void NotNoted(string reason);

    private sealed class CachedKey(StoredKey stored)
    {
        /// <summary>The hour for which the use of the key is noted.</summary>
        public long Noted;

        public StoredKey Stored => stored;
    }
}

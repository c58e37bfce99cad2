using Burrow.Caching;
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
    private const int MaxOlder = 50_000;

    private readonly AccessTable table;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ReadCache<KeyId, CachedKey> cache;

    /// <summary>The keys that mark the ids made here: that of new ids first.</summary>
    private readonly IReadOnlyList<byte[]> macs;

    /// <summary>Ids without a valid mark that were found all the same: they are older than the secrets.</summary>
    private readonly BoundedCache<KeyId, bool> older = new(MaxOlder);

    /// <summary>What was read of other ids. They have a cache of their own, so that they take no room from keys that exist.</summary>
    private readonly ReadCache<KeyId, CachedKey> unknown;

    /// <summary>Limits the lookups of these.</summary>
    private readonly TokenBucket unknownKeys;

    /// <param name="table">The table of the keys.</param>
    /// <param name="secret">
    /// The deployment's secret. Under another secret, existing keys stay valid, but the process finds them more slowly at first.
    /// </param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public KeyService(AccessTable table, DeploymentSecret secret, TimeProvider time, ILogger<KeyService> logger)
    {
        (this.table, this.time, this.logger) = (table, time, logger);
        macs = secret.KeysFor("burrow key ids");
        unknownKeys = new(time);
        cache = new(time, FindAsync);
        unknown = new(time, FindUnknownAsync, AccessLimits.UnknownKeys);

        async Task<CachedKey?> FindAsync(KeyId id) => await table.FindAsync(id) is { } stored ? new(stored) : null;
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
        if (ErrorOf(all, maker) is not null)
        {
            await RemoveInvalidAsync(account);
            all = await table.ListAsync(account, cancellationToken);
        }

        var old = all.FirstOrDefault(stored => stored.Key.Name == name);
        // A key that was made with a deleted key is itself invalid. Its row may still exist, but its name is free.
        if (old is not null && await HasValidParentsAsync(old.Key))
            throw Exists(name);
        if (old is null && ErrorOf(all, maker) is { } error)
            throw new QuotaExceededException(error);
        var id = KeyId.New(account, name, macs[0]);
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

    /// <summary>Why a caller may make no more keys; null if it may.</summary>
    private static string? ErrorOf(IReadOnlyList<StoredKey> all, Caller maker)
    {
        if (maker.Payer is not { } payer)
            return null;
        var share = payer.ShareOf(AccessLimits.KeysPerAccount);
        if (payer.IsNarrow && all.Count(stored => maker.Covers(stored.Key.Spec)) >= share)
            return $"A key that does not manage its whole account has at most {share} keys in its scope.";
        return all.Count >= AccessLimits.KeysPerAccount ? $"An account has at most {AccessLimits.KeysPerAccount} keys." : null;
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

    /// <summary>The key of that text, if it is valid, and the key whose share it uses; null if not.</summary>
    public async Task<(AccessKey Key, KeyId Share)?> VerifyAsync(KeyToken text)
    {
        if (!KeyId.IsMatch(text.Id) || await ReadAsync(new(text.Id)) is not { } found || !text.Matches(found.Stored.Key.Hash))
            return null;
        if (await ValidateAsync(found.Stored.Key) is not { } share)
            return null;
        NoteUsed(found);
        return (found.Stored.Key, share);
    }

    /// <summary>The key of that id, if it is valid, and the key whose share it uses; null if not.</summary>
    public async Task<(AccessKey Key, KeyId Share)?> FindAsync(KeyId id) =>
        KeyId.IsMatch(id.Value)
            && await ReadAsync(id) is { } found
            && await ValidateAsync(found.Stored.Key) is { } share
            ? (found.Stored.Key, share)
            : null;

    private async Task<StoredKey?> FindAsync(AccountName account, KeyName name, Caller caller, CancellationToken cancellationToken) =>
        await table.GetAsync(account, name, cancellationToken) is { } stored
            && caller.Covers(stored.Key.Spec)
            && await HasValidParentsAsync(stored.Key)
            ? stored
            : null;

    private async Task<bool> IsValidAsync(AccessKey key) => await ValidateAsync(key) is not null;

    private async Task<KeyId?> ValidateAsync(AccessKey key) => key.Spec.Expires <= Now ? null : await FindShareAsync(key);

    /// <summary>A key as it was read at most <see cref="AccessLimits.AccessFreshness"/> ago; null: there is none.</summary>
    /// <exception cref="TooManyRequestsException">The id is unknown, and too many unknown ids were asked for.</exception>
    private Task<CachedKey?> ReadAsync(KeyId id) =>
        (macs.Any(id.HasValidCheck) || older.TryGet(id, out _) ? cache : unknown).GetAsync(id);

    /// <summary>
    /// Looks up an unknown id. <see cref="AccessLimits.UnknownKeysPerSecond"/> limits that, so callers without a key cannot flood an
    /// account's partition. A key that was found is not limited any more: what is good never waits behind what is unknown.
    /// </summary>
    private async Task<CachedKey?> FindUnknownAsync(KeyId id)
    {
        if (unknownKeys.Take(AccessLimits.UnknownKeysPerSecond) is var wait && wait > TimeSpan.Zero)
        {
            throw new TooManyRequestsException(
                "unknown-keys",
                $"q={AccessLimits.UnknownKeysPerSecond};w=1",
                wait,
                "This process does not know the key, and too many unknown keys are sent. Try again.");
        }

        if (await table.FindAsync(id) is not { } stored)
            return null;
        older.Set(id, true);
        return new(stored);
    }

    /// <summary>Whether a key was made with another one, directly or through keys between them.</summary>
    private async Task<bool> IsDescendantAsync(KeyId id, KeyId maker)
    {
        while (KeyId.IsMatch(id.Value) && await ReadAsync(id) is { } found)
        {
            id = found.Stored.Key.ParentKey;
            if (id == maker)
                return true;
        }

        return false;
    }

    private async Task<bool> HasValidParentsAsync(AccessKey key) => await FindShareAsync(key) is not null;

    /// <summary>
    /// The key whose share of the account's limits a key uses: the first narrow one of those that it was made with, else itself. Null if
    /// one of them no longer exists. Their expiry is not checked: they last at least as long as the key.
    /// </summary>
    private async Task<KeyId?> FindShareAsync(AccessKey key)
    {
        var share = key.Id;
        while (KeyId.IsMatch(key.ParentKey.Value))
        {
            if (await ReadAsync(key.ParentKey) is not { } maker)
                return null;
            key = maker.Stored.Key;
            if (key.Spec.IsNarrow)
                share = key.Id;
        }

        return share;
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

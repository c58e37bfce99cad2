using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Access;

/// <summary>
/// The keys of accounts. A key is good while it stands in its table, hasn't expired, and so has and is every key before it that it
/// was made with; so one deletion revokes it and all that was made with it, and there is nothing that could be left half done.
/// </summary>
internal sealed partial class KeyService
{
    private readonly AccessTable table;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ReadCache<KeyId, Known> cache;
    private readonly byte[] mac;

    /// <summary>Looks that others may be, with ids that weren't made under this deployment's secret.</summary>
    private readonly TokenBucket unknownKeys;

    /// <param name="table">Where they are.</param>
    /// <param name="secret">The deployment's; under another one keys are as good, but found more slowly.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told of what nobody else is told.</param>
    public KeyService(AccessTable table, string? secret, TimeProvider time, ILogger<KeyService> logger)
    {
        (this.table, this.time, this.logger) = (table, time, logger);
        mac = DeploymentSecret.Derive(secret ?? "", "burrow key ids");
        unknownKeys = new(time);
        cache = new(time, ReadAsync);
    }

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Makes a key.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="name">Its name.</param>
    /// <param name="spec">What it is to allow.</param>
    /// <param name="maker">Who asks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The key, and its text, which nobody can have again.</returns>
    /// <exception cref="ConflictException">There is one of that name.</exception>
    /// <exception cref="ForbiddenException">It would be wider than the one that it is made with.</exception>
    /// <exception cref="QuotaExceededException">The account has as many as it may.</exception>
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

        // What was made with a key that is gone would be no good, and who is to tell?
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
        // What was made with a key that is gone is gone; that its row is left is nobody's business.
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

    /// <summary>An account's keys that are no wider than the caller's own, by name.</summary>
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

    /// <summary>One of them; null if there is none.</summary>
    public async Task<AccessKey?> GetAsync(AccountName account, KeyName name, Caller caller, CancellationToken cancellationToken) =>
        (await FindAsync(account, name, caller, cancellationToken))?.Key;

    /// <summary>Revokes one of them, and all that was made with it; it works no longer than <see cref="AccessLimits.AccessFreshness"/>.</summary>
    /// <returns>What it was; null if there is none.</returns>
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

    /// <summary>The key of that text, if it is good; null if not.</summary>
    public async Task<AccessKey?> VerifyAsync(KeyToken text)
    {
        if (!KeyId.IsMatch(text.Id) || await cache.GetAsync(new(text.Id)) is not { } found || !text.Matches(found.Stored.Key.Hash))
            return null;
        if (!await IsValidAsync(found.Stored.Key))
            return null;
        NoteUsed(found);
        return found.Stored.Key;
    }

    /// <summary>The key of that id, if it is good; null if not.</summary>
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

    /// <summary>One read, and none of what isn't there more often than so many a second: nobody's partition is to be flooded by those who have no key.</summary>
    private async Task<Known?> ReadAsync(KeyId id)
    {
        if (!id.HasValidCheck(mac) && unknownKeys.Take(AccessLimits.UnknownKeysPerSecond) > TimeSpan.Zero)
            throw new UnavailableException("Too many keys are asked for that aren't known here. Try again.");
        return await table.FindAsync(id) is { } stored ? new(stored) : null;
    }

    /// <summary>Whether a key was made with another one, or with one that was.</summary>
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

    /// <summary>Whether no key is gone that it was made with. What it was made with lasts as long as it, so that needn't be asked.</summary>
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

    /// <summary>Removes what has expired, or was made with a key that is gone. Nobody relies on it.</summary>
    private async Task RemoveInvalidAsync(AccountName account)
    {
        foreach (var stored in await table.ListAsync(account, CancellationToken.None))
        {
            if (!await IsValidAsync(stored.Key) && await table.RemoveAsync(stored, CancellationToken.None))
                cache.Forget(stored.Key.Id);
        }
    }

    /// <summary>Once an hour and process, and nobody waits for it.</summary>
    private void NoteUsed(Known found)
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

    private sealed class Known(StoredKey stored)
    {
        /// <summary>The hour for which its use is noted.</summary>
        public long Noted;

        public StoredKey Stored => stored;
    }
}

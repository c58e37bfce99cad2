using System.Globalization;
using System.Text.Json;
using Burrow.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Queues.Settings;

/// <summary>
/// Table <c>policies</c>. One row holds all policies and relays of an account, a column for each, so a change of one sees all others. Row
/// <c>version</c> changes with every change of any account, in the same transaction; that is why all rows are in one partition.
/// </summary>
internal sealed class SettingsTable(ITableStore store, TimeProvider time, Random random)
{
    public const string Name = "policies";

    private const string Partition = "policies";
    private const string VersionKey = "version";
    private const string ChangedColumn = "changed";

    /// <summary>Says that the account has relays, or had: rows of one may be left.</summary>
    private const string RelayedColumn = "relayed";

    /// <inheritdoc cref="AccountSettings.IsPreparing"/>
    private const string PreparingColumn = "preparing";

    private readonly ITable table = new RetryingTable(store.Open(Name), time, random);

    /// <summary>Another text after each change of any account's settings; null before the first.</summary>
    public async Task<string?> VersionAsync() => (await table.GetAsync(Partition, VersionKey, CancellationToken.None))?.ETag;

    /// <summary>An account's settings, as they are stored now.</summary>
    public async Task<AccountSettings> ReadAsync(AccountName account, CancellationToken cancellationToken)
    {
        if (await table.GetAsync(Partition, KeyOf(account), cancellationToken) is not { } row)
            return AccountSettings.None;
        return new(row.ETag, All('p', PolicyOf, policy => policy.Name.Value), All('r', RelayOf, relay => relay.Name.Value))
        {
            HasRelayed = row.Columns.GetInteger(RelayedColumn) != 0,
            IsPreparing = row.Columns.GetInteger(PreparingColumn) != 0,
        };

        IReadOnlyList<T> All<T>(char kind, Func<byte[], T> from, Func<T, string> name) =>
        [
            .. row.Columns.Where(column => column.Key[0] == kind && char.IsAsciiDigit(column.Key[1]))
                .Select(column => from((byte[])column.Value))
                .OrderBy(name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Writes an account's settings in place of those that were read.</summary>
    /// <returns>False if another request changed them first, or perhaps this one: it must read them again.</returns>
    public async Task<bool> WriteAsync(AccountName account, AccountSettings settings, CancellationToken cancellationToken)
    {
        var key = KeyOf(account);
        var columns = new Columns(settings.Policies.Count + settings.Relays.Count + 2);
        for (var i = 0; i < settings.Policies.Count; i++)
            columns.Add(string.Create(CultureInfo.InvariantCulture, $"p{i}"), ToBytes(settings.Policies[i]));
        for (var i = 0; i < settings.Relays.Count; i++)
            columns.Add(string.Create(CultureInfo.InvariantCulture, $"r{i}"), ToBytes(settings.Relays[i]));
        if (settings.HasRelayed)
            columns.Add(RelayedColumn, 1);
        if (settings.IsPreparing)
            columns.Add(PreparingColumn, 1);
        var write = columns.Count == 0 ? Operation.Delete(key, settings.ETag!)
            : settings.ETag is { } etag ? Operation.Replace(key, columns, etag)
            : Operation.Insert(key, columns);
        var version = Operation.Upsert(VersionKey, new Columns { { ChangedColumn, time.GetUtcNow().UtcTicks } });
        return (await table.SubmitAsync(Partition, [write, version], cancellationToken)).Committed;
    }

    private static string KeyOf(AccountName account) => "a!" + NameHash.Of(account.Value);

    private static byte[] ToBytes(QueuePolicy policy) => JsonSerializer.SerializeToUtf8Bytes(new StoredPolicy(
        policy.Name.Value,
        policy.Queues.ToString(),
        policy.Ttl,
        policy.Hide,
        policy.MaxDeliveries,
        policy.DeadTtl,
        policy.RetryDelays,
        policy.MaxMessages,
        policy.GroupConcurrency,
        policy.HaltsGroupOnDead,
        policy.Paused));

    private static QueuePolicy PolicyOf(byte[] bytes)
    {
        var stored = JsonSerializer.Deserialize<StoredPolicy>(bytes)!;
        return new(new(stored.Name), QueuePattern.Read(stored.Queues))
        {
            Ttl = stored.Ttl,
            Hide = stored.Hide,
            MaxDeliveries = stored.MaxDeliveries,
            DeadTtl = stored.DeadTtl,
            RetryDelays = stored.RetryDelays,
            MaxMessages = stored.MaxMessages,
            GroupConcurrency = stored.GroupConcurrency,
            HaltsGroupOnDead = stored.HaltsGroupOnDead,
            Paused = stored.Paused,
        };
    }

    private static byte[] ToBytes(Relay relay) => JsonSerializer.SerializeToUtf8Bytes(new StoredRelay(
        relay.Name.Value,
        relay.Queues.ToString(),
        relay.To.OriginalString,
        relay.Account.Value,
        relay.Mode,
        relay.MaxOutbox,
        relay.RefusesWhenFull,
        relay.SealedKey,
        relay.Incarnation,
        relay.Generation));

    private static Relay RelayOf(byte[] bytes)
    {
        var stored = JsonSerializer.Deserialize<StoredRelay>(bytes)!;
        return new(new(stored.Name), QueuePattern.Read(stored.Queues), new(stored.To), new(stored.Account))
        {
            Mode = stored.Mode,
            MaxOutbox = stored.MaxOutbox,
            RefusesWhenFull = stored.RefusesWhenFull,
            SealedKey = stored.SealedKey,
            Incarnation = stored.Incarnation,
            Generation = stored.Generation,
        };
    }

    /// <summary>A policy as its column holds it.</summary>
    private sealed record StoredPolicy(
        string Name,
        string Queues,
        long? Ttl,
        long? Hide,
        long? MaxDeliveries,
        long DeadTtl,
        IReadOnlyList<long> RetryDelays,
        long MaxMessages,
        long GroupConcurrency,
        bool HaltsGroupOnDead,
        bool Paused);

    /// <summary>A relay as its column holds it.</summary>
    private sealed record StoredRelay(
        string Name,
        string Queues,
        string To,
        string Account,
        RelayMode Mode,
        long MaxOutbox,
        bool RefusesWhenFull,
        byte[] SealedKey,
        string Incarnation,
        long Generation);
}

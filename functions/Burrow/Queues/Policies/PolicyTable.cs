using System.Globalization;
using System.Text.Json;
using Burrow.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Queues.Policies;

/// <summary>
/// Table <c>policies</c>. One row holds all policies of an account, a column for each, so a change of one sees all others. Row
/// <c>version</c> changes with every change of any account, in the same transaction; that is why all rows are in one partition.
/// </summary>
internal sealed class PolicyTable(ITableStore store, TimeProvider time, Random random)
{
    public const string Name = "policies";

    private const string Partition = "policies";
    private const string VersionKey = "version";
    private const string ChangedColumn = "changed";

    private readonly ITable table = new RetryingTable(store.Open(Name), time, random);

    /// <summary>Another text after each change of any policy; null before the first.</summary>
    public async Task<string?> VersionAsync() => (await table.GetAsync(Partition, VersionKey, CancellationToken.None))?.ETag;

    /// <summary>An account's policies, in the order of their names.</summary>
    public async Task<AccountPolicies> ReadAsync(AccountName account, CancellationToken cancellationToken)
    {
        if (await table.GetAsync(Partition, KeyOf(account), cancellationToken) is not { } row)
            return new(null, []);
        return new(
            row.ETag,
            [
                .. row.Columns.Where(column => column.Key.StartsWith('p')).Select(column => From((byte[])column.Value))
                    .OrderBy(policy => policy.Name.Value, StringComparer.Ordinal),
            ]);
    }

    /// <summary>Writes an account's policies in place of those that were read.</summary>
    /// <returns>False if another request changed them first, or perhaps this one: it must read them again.</returns>
    public async Task<bool> WriteAsync(
        AccountName account, string? etag, IReadOnlyList<QueuePolicy> policies, CancellationToken cancellationToken)
    {
        var key = KeyOf(account);
        var columns = new Columns(policies.Count);
        for (var i = 0; i < policies.Count; i++)
            columns.Add(string.Create(CultureInfo.InvariantCulture, $"p{i}"), ToBytes(policies[i]));
        var write = policies.Count == 0 ? Operation.Delete(key, etag!)
            : etag is null ? Operation.Insert(key, columns)
            : Operation.Replace(key, columns, etag);
        var version = Operation.Upsert(VersionKey, new Columns { { ChangedColumn, time.GetUtcNow().UtcTicks } });
        return (await table.SubmitAsync(Partition, [write, version], cancellationToken)).Committed;
    }

    private static string KeyOf(AccountName account) => "a!" + NameHash.Of(account.Value);

    private static byte[] ToBytes(QueuePolicy policy) => JsonSerializer.SerializeToUtf8Bytes(new Stored(
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

    private static QueuePolicy From(byte[] bytes)
    {
        var stored = JsonSerializer.Deserialize<Stored>(bytes)!;
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

    /// <summary>A policy as its column holds it.</summary>
    private sealed record Stored(
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
}

/// <summary>The policies of an account as they were read.</summary>
/// <param name="ETag">The ETag of their row; null if there is none.</param>
/// <param name="Policies">The policies, in the order of their names.</param>
internal sealed record AccountPolicies(string? ETag, IReadOnlyList<QueuePolicy> Policies);

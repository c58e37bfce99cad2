using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Wrappers;

namespace Burrow.Access;

/// <summary>Table <c>access</c>: a partition per account, with its keys (<c>key!{name}</c>) and its limits (<c>limits</c>).</summary>
internal sealed class AccessTable(ITableStore store, TimeProvider time, Random random)
{
    public const string Name = "access";

    private const string LimitsKey = "limits";
    private const string KeysFrom = "key!";
    private const string KeysBefore = "key\"";

    private readonly ITable table = new RetryingTable(store.Open(Name), time, random);

    /// <summary>The key of that id; null if it does not exist, or no longer exists.</summary>
    public async Task<StoredKey?> FindAsync(KeyId id) =>
        await table.GetAsync(id.Partition, RowOf(id.Name), CancellationToken.None) is { } row
            && From(row) is var stored
            && stored.Key.Id == id
            ? stored
            : null;

    /// <summary>An account's key of that name; null if there is none.</summary>
    public async Task<StoredKey?> GetAsync(AccountName account, KeyName name, CancellationToken cancellationToken) =>
        await table.GetAsync(KeyId.PartitionOf(account), RowOf(name), cancellationToken) is { } row ? From(row) : null;

    /// <summary>An account's keys, in the order of their names.</summary>
    public async Task<IReadOnlyList<StoredKey>> ListAsync(AccountName account, CancellationToken cancellationToken)
    {
        var rows = await table.QueryAllAsync(KeyId.PartitionOf(account), new RowQuery(KeysFrom, KeysBefore), cancellationToken);
        return [.. rows.Select(From)];
    }

    /// <summary>Writes a key: a new one, or in place of <paramref name="old"/>, as it was read.</summary>
    /// <returns>False if another request wrote the key first.</returns>
    public async Task<bool> WriteAsync(AccessKey key, StoredKey? old, CancellationToken cancellationToken)
    {
        var columns = new Columns
        {
            { Column.Account, key.Account.Value },
            { Column.Id, key.Id.Value },
            { Column.Hash, key.Hash },
            { Column.Queues, key.Spec.Queues.ToString() },
            { Column.Allow, (long)key.Spec.Allow },
            { Column.Expires, key.Spec.Expires?.UtcTicks ?? 0 },
            { Column.Created, key.Created.UtcTicks },
            { Column.ParentKey, key.ParentKey.Value },
            { Column.Generation, key.Generation },
        };
        var row = RowOf(key.Name);
        var result = await table.SubmitAsync(
            key.Id.Partition,
            [old is null ? Operation.Insert(row, columns) : Operation.Replace(row, columns, old.ETag)],
            cancellationToken);
        // After an attempt of unknown outcome, the key in the table may be from our own attempt.
        return result.Committed || (result.Uncertain && await FindAsync(key.Id) is not null);
    }

    /// <summary>Removes a key, if it is still as it was read.</summary>
    /// <returns>False if the key has changed since, or is gone.</returns>
    public async Task<bool> RemoveAsync(StoredKey stored, CancellationToken cancellationToken) =>
        (await table.SubmitAsync(
            stored.Key.Id.Partition, [Operation.Delete(RowOf(stored.Key.Name), stored.ETag)], cancellationToken)).Committed;

    /// <summary>Notes that a key was used. If the key has changed since it was read, the use is not noted.</summary>
    public Task NoteUsedAsync(StoredKey stored, DateTimeOffset hour) => table.SubmitAsync(
        stored.Key.Id.Partition,
        [Operation.Merge(RowOf(stored.Key.Name), new Columns(1) { { Column.Used, hour.UtcTicks } }, stored.ETag)],
        CancellationToken.None);

    /// <summary>The limits that were set for one account; null if none were set.</summary>
    public async Task<LimitOverrides?> LimitsAsync(AccountName account, CancellationToken cancellationToken) =>
        await table.GetAsync(KeyId.PartitionOf(account), LimitsKey, cancellationToken) is { } row
            ? new LimitOverrides(LimitOverrides.Members.ToDictionary(name => name, name => row.Columns.GetValue(name) as long?))
            : null;

    /// <summary>Sets the limits of one account, in place of those that were set before.</summary>
    public Task SetLimitsAsync(AccountName account, LimitOverrides limits, CancellationToken cancellationToken)
    {
        var columns = new Columns { { Column.Account, account.Value } };
        foreach (var (name, value) in limits.Values)
        {
            if (value is { } number)
                columns.Add(name, number);
        }

        return table.SubmitAsync(KeyId.PartitionOf(account), [Operation.Upsert(LimitsKey, columns)], cancellationToken);
    }

    /// <summary>Removes the limits that were set for one account.</summary>
    public Task ResetLimitsAsync(AccountName account, CancellationToken cancellationToken) =>
        table.SubmitAsync(KeyId.PartitionOf(account), [Operation.Delete(LimitsKey, Operation.Any)], cancellationToken);

    private static string RowOf(KeyName name) => KeysFrom + name.Value;

    private static StoredKey From(Row row)
    {
        var columns = row.Columns;
        var id = new KeyId(columns.GetString(Column.Id)!);
        return new(
            new()
            {
                Account = new(columns.GetString(Column.Account)!),
                Name = id.Name,
                Id = id,
                Hash = columns.GetBytes(Column.Hash),
                Spec = new(
                    QueuePattern.Read(columns.GetString(Column.Queues)!),
                    (Permissions)columns.GetInteger(Column.Allow),
                    Instant(Column.Expires)),
                Created = Instant(Column.Created)!.Value,
                Used = Instant(Column.Used),
                ParentKey = new(columns.GetString(Column.ParentKey)!),
                Generation = (int)columns.GetInteger(Column.Generation),
            },
            row.ETag);

        DateTimeOffset? Instant(string name) =>
            columns.GetInteger(name) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
    }

    private static class Column
    {
        public const string Account = "account";
        public const string Id = "id";
        public const string Hash = "hash";
        public const string Queues = "queues";
        public const string Allow = "allow";
        public const string Expires = "expires";
        public const string Created = "created";
        public const string Used = "used";
        public const string ParentKey = "madeWith";
        public const string Generation = "generation";
    }
}

/// <summary>A key as it was read, with its ETag.</summary>
internal sealed record StoredKey(AccessKey Key, string ETag);

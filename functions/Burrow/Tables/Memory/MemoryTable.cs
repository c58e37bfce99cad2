using System.Globalization;

namespace Burrow.Tables.Memory;

/// <summary>One table in memory: sorted sets of immutable rows under one lock.</summary>
internal sealed class MemoryTable : ITable
{
    private static readonly Comparer<Row> ByKey = Comparer<Row>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key));
    private static readonly Columns None = [];

    private readonly Lock gate = new();
    private readonly Dictionary<string, SortedSet<Row>> partitions = [];
    private long version;

    public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
            return Task.FromResult(Find(partition, key));
    }

    public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var scan = new RangeScan(query);
        lock (gate)
        {
            if (string.CompareOrdinal(scan.From, query.Before) < 0 && partitions.TryGetValue(partition, out var rows))
            {
                foreach (var row in rows.GetViewBetween(new Row(scan.From, "", None), new Row(query.Before, "", None)))
                {
                    if (row.Key == query.Before || !scan.Take(row))
                        break;
                }
            }
        }

        return Task.FromResult(scan.Page);
    }

    public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            for (var i = 0; i < operations.Count; i++)
            {
                if (Check(operations[i], Find(partition, operations[i].Key)) is var refusal and not Refusal.None)
                    return Task.FromResult(SubmitResult.Refused(refusal, i));
            }

            if (!partitions.TryGetValue(partition, out var rows))
                partitions[partition] = rows = new(ByKey);
            // One ETag for all rows of a transaction, because a transaction changes a row only once.
            var etag = (++version).ToString("x", CultureInfo.InvariantCulture);
            var etags = new string?[operations.Count];
            for (var i = 0; i < operations.Count; i++)
                etags[i] = Apply(rows, operations[i], etag);
            if (rows.Count == 0)
                partitions.Remove(partition);
            return Task.FromResult(SubmitResult.Success(etags));
        }
    }

    private static Refusal Check(Operation operation, Row? row) => operation.Kind switch
    {
        OperationKind.Upsert => Refusal.None,
        OperationKind.Insert => row is null ? Refusal.None : Refusal.Exists,
        _ when row is null => Refusal.Missing,
        _ => operation.IfMatch == Operation.Any || operation.IfMatch == row.ETag ? Refusal.None : Refusal.Changed,
    };

    private Row? Find(string partition, string key) =>
        partitions.TryGetValue(partition, out var rows) && rows.TryGetValue(new Row(key, "", None), out var row) ? row : null;

    private static string? Apply(SortedSet<Row> rows, Operation operation, string etag)
    {
        var probe = new Row(operation.Key, "", None);
        var columns = operation.Columns;
        if (operation.Kind == OperationKind.Merge && rows.TryGetValue(probe, out var old))
            columns = old.Columns.Merge(columns!);
        if (operation.Kind != OperationKind.Insert)
            rows.Remove(probe);
        if (columns is null)
            return null;
        rows.Add(new Row(operation.Key, etag, columns));
        return etag;
    }
}

using System.Globalization;

namespace Burrow.Tables.Sqlite;

/// <summary>One table of a <see cref="SqliteTableStore"/>. It reads directly, and writes through the one writer of the file.</summary>
internal sealed class SqliteTable(SqliteTableStore store, string name) : ITable
{
    private readonly string get = $"SELECT key, etag, columns FROM {name} WHERE partition = ?1 AND key = ?2";
    private readonly string query = $"SELECT key, etag, columns FROM {name} WHERE partition = ?1 AND key >= ?2 AND key < ?3 ORDER BY key";
    private readonly string insert = $"INSERT INTO {name} VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    private readonly string upsert = $"INSERT OR REPLACE INTO {name} VALUES (?1, ?2, ?3, ?4)";
    private readonly string update =
        $"UPDATE {name} SET etag = ?3, columns = ?4 WHERE partition = ?1 AND key = ?2 AND etag = coalesce(?5, etag)";
    private readonly string delete = $"DELETE FROM {name} WHERE partition = ?1 AND key = ?2 AND etag = coalesce(?3, etag)";

    public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(store.Read(connection =>
        {
            using var rows = connection.Run(get, partition, key);
            return rows.Read() ? ToRow(rows) : null;
        }));
    }

    public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(store.Read(connection =>
        {
            var scan = new RangeScan(query);
            using var rows = connection.Run(this.query, partition, scan.From, query.Before);
            while (rows.Read() && scan.Take(ToRow(rows)))
            {
            }

            return scan.Page;
        }));
    }

    public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return store.WriteAsync(connection => Apply(connection, partition, operations));
    }

    private static Row ToRow(SqliteRows rows) => new(rows.Text(0), ETagOf(rows.Number(1)), ColumnsFormat.Read(rows.Bytes(2)));

    private static string ETagOf(long version) => version.ToString("x16", CultureInfo.InvariantCulture);

    private SubmitResult Apply(SqliteSession connection, string partition, IReadOnlyList<Operation> operations)
    {
        var etags = new string?[operations.Count];
        for (var i = 0; i < operations.Count; i++)
        {
            // The version is random. So a row never gets an earlier ETag again, and the file needs no counter.
            var version = Random.Shared.NextInt64();
            if (Apply(connection, partition, operations[i], version) is var refusal and not Refusal.None)
                return SubmitResult.Refused(refusal, i);
            etags[i] = operations[i].Kind == OperationKind.Delete ? null : ETagOf(version);
        }

        return SubmitResult.Success(etags);
    }

    private Refusal Apply(SqliteSession connection, string partition, Operation operation, long version)
    {
        // null matches any ETag: then IfMatch sets no condition.
        object? match = operation.IfMatch is null or Operation.Any
            ? null
            : long.TryParse(operation.IfMatch, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var etag) ? etag : -1L;
        var changed = operation.Kind switch
        {
            OperationKind.Insert => connection.Execute(insert, partition, operation.Key, version, ColumnsFormat.Write(operation.Columns!)),
            OperationKind.Upsert => connection.Execute(upsert, partition, operation.Key, version, ColumnsFormat.Write(operation.Columns!)),
            OperationKind.Replace => connection.Execute(
                update, partition, operation.Key, version, ColumnsFormat.Write(operation.Columns!), match),
            OperationKind.Merge => connection.Execute(
                update, partition, operation.Key, version, ColumnsFormat.Write(Merged(connection, partition, operation)), match),
            _ => connection.Execute(delete, partition, operation.Key, match),
        };
        if (changed == 1)
            return Refusal.None;
        return operation.Kind == OperationKind.Insert ? Refusal.Exists
            : Current(connection, partition, operation.Key) is null ? Refusal.Missing : Refusal.Changed;
    }

    private Columns Merged(SqliteSession connection, string partition, Operation operation) =>
        Current(connection, partition, operation.Key)?.Merge(operation.Columns!) ?? operation.Columns!;

    private Columns? Current(SqliteSession connection, string partition, string key)
    {
        using var rows = connection.Run(get, partition, key);
        return rows.Read() ? ColumnsFormat.Read(rows.Bytes(2)) : null;
    }
}

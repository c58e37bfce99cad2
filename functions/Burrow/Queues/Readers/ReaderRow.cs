using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Readers;

/// <summary>The row of a reader in its queue's partition, and the expiry row beside it.</summary>
/// <param name="ETag">The row's ETag as it was read; null: there is no row.</param>
/// <param name="Cursor">What the row says.</param>
internal sealed record ReaderRow(string? ETag, ReaderCursor Cursor)
{
    private const string NameColumn = "name";
    private const string AfterColumn = "after";
    private const string RevisionColumn = "rev";

    private string Key => QueueKeys.Reader(Cursor.Name);

    private long ExpiresAt => Cursor.Expires.UtcTicks;

    public static ReaderRow From(Row row) => new(row.ETag, new(
        new(row.Columns.GetString(NameColumn)!),
        Sequence.TryParse(row.Columns.GetString(AfterColumn)!)!.Value,
        new(row.Columns.GetString(RevisionColumn)!),
        new(row.Columns.GetInteger(MessageColumns.ExpiresAt), TimeSpan.Zero)));

    /// <summary>The operations that put another cursor in place of this one, or the first one.</summary>
    /// <param name="old">The row as it was read; null if there is none.</param>
    /// <param name="cursor">The cursor.</param>
    public static IReadOnlyList<Operation> Put(ReaderRow? old, ReaderCursor cursor)
    {
        var row = new ReaderRow(null, cursor);
        var columns = new Columns
        {
            { NameColumn, cursor.Name.Value },
            { AfterColumn, cursor.After.ToString() },
            { RevisionColumn, cursor.Receipt.Value },
            { MessageColumns.ExpiresAt, row.ExpiresAt },
        };
        var write = old?.ETag is { } etag ? Operation.Replace(row.Key, columns, etag) : Operation.Insert(row.Key, columns);
        return old?.ExpiresAt == row.ExpiresAt ? [write] : [write, .. ExpiringRow.Move(row.Key, old?.ExpiresAt, row.ExpiresAt)];
    }

    /// <summary>The operations that remove the reader.</summary>
    public IReadOnlyList<Operation> Remove() => ExpiringRow.Remove(Key, ETag!, ExpiresAt);
}

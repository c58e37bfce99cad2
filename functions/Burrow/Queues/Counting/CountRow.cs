using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Counting;

/// <summary>
/// A row of table <c>counts</c>: what one queue holds. The partition and the key are those of the queue in the directory
/// (<see cref="DirectoryKeys"/>).
/// </summary>
/// <param name="ETag">The row's ETag.</param>
/// <param name="Queue">The queue.</param>
/// <param name="Counts">What it holds, and what happened to its messages.</param>
/// <param name="NextRecount">The timer does not count the queue before this instant, UTC ticks.</param>
/// <param name="Writer">The random id of the last write, by which a writer recognises its own.</param>
internal sealed record CountRow(string ETag, QueueName Queue, QueueCounts Counts, long NextRecount, string Writer)
{
    public const string NameColumn = "name";
    public const string MessagesColumn = "messages";
    public const string BytesColumn = "bytes";

    private const string InsertedColumn = "inserted";
    private const string ClaimedColumn = "claimed";
    private const string DeletedColumn = "deleted";
    private const string ExpiredColumn = "expired";
    private const string DeadColumn = "dead";
    private const string NextRecountColumn = "recount";
    private const string WriterColumn = "by";

    public static CountRow From(Row row)
    {
        var columns = row.Columns;
        var counts = new QueueCounts(
            columns.GetInteger(MessagesColumn),
            columns.GetInteger(BytesColumn),
            columns.GetInteger(InsertedColumn),
            columns.GetInteger(ClaimedColumn),
            columns.GetInteger(DeletedColumn),
            columns.GetInteger(ExpiredColumn),
            columns.GetInteger(DeadColumn));
        return new(
            row.ETag,
            new(columns.GetString(NameColumn)!),
            counts,
            columns.GetInteger(NextRecountColumn),
            columns.GetString(WriterColumn) ?? "");
    }

    /// <summary>The operation that writes a queue's row.</summary>
    /// <param name="old">The row as it was read; null if there was none.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="counts">What it holds.</param>
    /// <param name="nextRecount">The timer does not count the queue before this instant, UTC ticks.</param>
    /// <param name="writer">The id of this write.</param>
    public static Operation Write(CountRow? old, QueueName queue, QueueCounts counts, long nextRecount, string writer)
    {
        var key = DirectoryKeys.Row(queue.Value);
        var columns = new Columns
        {
            { NameColumn, queue.Value },
            { MessagesColumn, counts.Messages },
            { BytesColumn, counts.Bytes },
            { InsertedColumn, counts.Inserted },
            { ClaimedColumn, counts.Claimed },
            { DeletedColumn, counts.Deleted },
            { ExpiredColumn, counts.Expired },
            { NextRecountColumn, nextRecount },
            { WriterColumn, writer },
        };
        if (counts.Dead != 0)
            columns.Add(DeadColumn, counts.Dead);
        return old is null ? Operation.Insert(key, columns) : Operation.Replace(key, columns, old.ETag);
    }
}

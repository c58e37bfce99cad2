using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// A queue's head row: hands out sequences, and is the gate that keeps a queue from being taken off the directory while a put
/// is on its way. Every group of puts rewrites it, so sequences are handed out in the order in which groups commit.
/// </summary>
/// <param name="ETag">As it was read; null: there is no such row.</param>
/// <param name="Last">The last sequence handed out.</param>
/// <param name="IsOpen">Whether the queue is in the directory. Closed, or missing: it may not be.</param>
/// <param name="Revisions">Of the last groups.</param>
internal sealed record QueueHead(string? ETag, Sequence Last, bool IsOpen, Revisions? Revisions)
{
    public static readonly QueueHead Missing = new(null, Sequence.None, false, null);

    public static QueueHead From(Row? row) => row is null
        ? Missing
        : new(
            row.ETag,
            new(row.Columns.GetInteger(MessageColumns.Sequence)),
            row.Columns.GetString(MessageColumns.State) == MessageColumns.Open,
            new Revisions(row.Columns.GetString(MessageColumns.Revisions)!));

    /// <summary>The head after this one.</summary>
    public QueueHead Next(Sequence last, bool open, Random random) =>
        new(ETag, last, open, Revisions is { } revisions ? revisions.Next(random) : Rows.Revisions.First(random));

    /// <summary>Writes this head in place of the one that had this ETag.</summary>
    public Operation Write()
    {
        var columns = new Columns
        {
            { MessageColumns.Sequence, Last.Value },
            { MessageColumns.State, IsOpen ? MessageColumns.Open : MessageColumns.Closed },
            { MessageColumns.Revisions, Revisions!.Value.Text },
            // Never expires, so that a query of the hidden line that passes over what is expired still brings it.
            { MessageColumns.ExpiresAt, MessageState.Never },
        };
        return ETag is null ? Operation.Insert(QueueKeys.Head, columns) : Operation.Replace(QueueKeys.Head, columns, ETag);
    }

    public static async Task<QueueHead> ReadAsync(ITable messages, string partition, CancellationToken cancellationToken) =>
        From(await messages.GetAsync(partition, QueueKeys.Head, cancellationToken));
}

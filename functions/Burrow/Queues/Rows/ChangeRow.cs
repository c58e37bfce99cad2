using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// A row of a queue's outbox which says that a mirrored message has changed, and not what: the relay sends what the message is then. Each
/// further change writes it anew, so its ETag tells whether the message has changed since it was read.
/// </summary>
/// <param name="ETag">The ETag of the row as it was read; empty: it was not.</param>
/// <param name="Sequence">The message's place.</param>
/// <param name="Id">The message's id.</param>
/// <param name="Incarnation">The relay that the row is for.</param>
/// <param name="Written">When the row was written, UTC ticks.</param>
internal sealed record ChangeRow(string ETag, Sequence Sequence, MessageId Id, string Incarnation, long Written)
{
    /// <summary>The row of a change that is made now.</summary>
    public static ChangeRow Of(MessageState state, string incarnation, long now) => new("", state.Sequence, state.Id, incarnation, now);

    /// <summary>Whether a row of an outbox is that of a change.</summary>
    public static bool Is(string key) => key.StartsWith(QueueKeys.ChangesFrom, StringComparison.Ordinal);

    public static ChangeRow From(Row row) => new(
        row.ETag,
        OutboxRows.SequenceOf(row.Key),
        OutboxRows.IdOf(row),
        row.Columns.GetString(OutboxRows.Incarnation)!,
        row.Columns.GetInteger(OutboxRows.Written));

    /// <summary>The operation that writes the row, in place of what is there.</summary>
    public Operation Write() => Operation.Upsert(QueueKeys.Change(Sequence), new Columns(3)
    {
        { MessageColumns.Id, Id.Value },
        { OutboxRows.Incarnation, Incarnation },
        { OutboxRows.Written, Written },
    });

    /// <summary>The operation that deletes the row, unless the message has changed since it was read.</summary>
    public Operation Delete() => Operation.Delete(QueueKeys.Change(Sequence), ETag);
}

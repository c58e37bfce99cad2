using Burrow.Queues.Rows;

namespace Burrow.Queues.Results;

/// <summary>
/// What changes of messages mean for their results. The transaction of a change writes it (docs/design/results.md).
/// </summary>
internal static class ResultWrites
{
    /// <summary>Adds what becomes of each message whose producer wants to know.</summary>
    public static IReadOnlyList<MessageWrite> Complete(IReadOnlyList<MessageWrite> writes, QueueContext context) =>
        writes.Any(write => write.Before.ResultKept is not null) ? [.. writes.Select(write => Complete(write, context))] : writes;

    private static MessageWrite Complete(MessageWrite write, QueueContext context)
    {
        var (id, now) = (write.Before.Id, context.Now);
        if (write.Before.ResultKept is not { } kept)
            return write;
        if (write is { Before.DiedAt: not 0, After.DiedAt: 0 })
            return write.With([ResultRow.Begin(id, context.Random)], null);
        ResultEnd? end = write switch
        {
            // A late worker may add its cause.
            { After.DiedAt: not 0 } when write.Before.DiedAt == 0 || write.ChangesCauses => new(
                ResultState.Dead, ResultRow.OfCause(write.Causes.LastOrDefault())),
            { After: not null } => null,
            { End: { } said } => said,
            // A dead message that is purged, or kept no longer, stays dead for who waits.
            { Before.DiedAt: not 0 } => null,
            _ => new(
                write.Before.LifeAt(now) == MessageLife.None ? ResultState.Expired : ResultState.Deleted, ResultBody.Empty),
        };
        if (end is null)
            return write;
        var expiresAt = MessageState.ExpiryOf(kept, now);
        // An end by time is known before it is written, under the same receipt.
        var isByTime = end.State == ResultState.Expired || (write.After is { } after && after.Revisions == write.Before.Revisions);
        var receipt = isByTime ? ResultRow.ReceiptOfEnd(write.Before) : ResultRow.NewReceipt(context.Random);
        return write.With([.. ResultRow.End(id, end, receipt, expiresAt)], expiresAt);
    }
}

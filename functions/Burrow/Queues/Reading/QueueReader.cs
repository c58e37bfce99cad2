using System.Runtime.CompilerServices;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Reading;

/// <summary>Reads the messages of a queue in its order.</summary>
internal sealed class QueueReader(QueueContext context, MessageFinder finder)
{
    /// <summary>Called with the head of a queue that has groups, when messages of it are about to be handed out.</summary>
    public Action<QueueAddress, QueueHead> GroupsUsed { get; set; } = (_, _) => { };

    /// <summary>Returns the place after which a selection begins.</summary>
    public async Task<Sequence> FindStartAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken)
    {
        if (selection.After is { } after)
            return after;
        if (selection.Marker is not { } marker)
            return Sequence.None;
        return await finder.ReadStateAsync(queue, marker, selection.Which, cancellationToken) is var (state, _)
            ? state.Sequence
            : Sequence.None;
    }

    /// <summary>
    /// Reads the live messages after <paramref name="start"/>, or the dead ones, up to the last one put by the start of the read. They are
    /// in order, each once.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="selection">Which messages match: live or dead ones, and whether hidden ones do.</param>
    /// <param name="start">The place before the first message.</param>
    /// <param name="wanted">The greatest number of messages that the caller takes; null: perhaps all.</param>
    /// <param name="withBodies">Whether to read the bodies that are in the rows in line.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public IAsyncEnumerable<MessageRow> ReadAllAsync(
        QueueAddress queue,
        MessageSelection selection,
        Sequence start,
        int? wanted,
        bool withBodies,
        CancellationToken cancellationToken) => selection.Which == MessageLife.Dead
        ? ReadDeadAsync(queue, start, wanted, withBodies, cancellationToken)
        : new QueueScan(context, finder, queue, selection, wanted, withBodies, GroupsUsed).ReadAsync(start, cancellationToken);

    private async IAsyncEnumerable<MessageRow> ReadDeadAsync(
        QueueAddress queue, Sequence start, int? wanted, bool withBodies, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A message that is put later, and dies, is left for the next pass. So a pass ends, even if what it redrives dies again.
        var end = (await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken)).Last;
        if (start >= end)
            yield break;
        var query = new RowQuery(QueueKeys.Dead(new(start.Value + 1)), QueueKeys.Dead(new(end.Value + 1)))
        {
            Top = Math.Min(wanted ?? TableLimits.PageRows, TableLimits.PageRows),
            Select = withBodies ? null : MessageColumns.WithoutBody,
            Above = (MessageColumns.ExpiresAt, context.Now),
        };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            foreach (var row in page.Rows.Select(MessageRow.From).Where(row => row.State.LifeAt(context.Now) == MessageLife.Dead))
                yield return row;
        }
    }
}

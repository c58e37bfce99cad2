using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>Reads the messages of a queue in its order.</summary>
internal sealed class QueueReader(QueueContext context, MessageFinder finder)
{
    /// <summary>Returns the place after which a selection begins.</summary>
    public async Task<Sequence> FindStartAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken)
    {
        if (selection.After is { } after)
            return after;
        if (selection.Marker is not { } marker)
            return Sequence.None;
        return await finder.ReadStateAsync(queue, marker, cancellationToken) is var (state, _) ? state.Sequence : Sequence.None;
    }

    /// <summary>
    /// Reads the live messages after <paramref name="start"/>, up to the last one put by the start of the read. They are in order,
    /// each once.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="start">The place before the first message.</param>
    /// <param name="matchHidden">Whether hidden messages match.</param>
    /// <param name="wanted">The greatest number of messages that the caller takes; null: perhaps all.</param>
    /// <param name="withBodies">Whether to read the bodies that are in the rows in line.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public IAsyncEnumerable<MessageRow> ReadAllAsync(
        QueueAddress queue, Sequence start, bool matchHidden, int? wanted, bool withBodies, CancellationToken cancellationToken) =>
        new QueueScan(context, finder, queue, matchHidden, wanted, withBodies).ReadAsync(start, cancellationToken);
}

using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>
/// Reads one message by its id: a live one, hidden or not, or a dead one. It reads again until all rows of the message are of one change.
/// </summary>
internal sealed class MessageFinder(QueueContext context)
{
    /// <summary>Returns the message; null if there is none of that kind.</summary>
    public Task<Message?> GetAsync(
        QueueAddress queue, MessageId id, MessageLife which, Detail detail, CancellationToken cancellationToken) =>
        context.UntilStableAsync(
            async () =>
            {
                if (await ReadRowAsync(queue, id, which, cancellationToken) is not { } row)
                    return (true, (Message?)null);
                var (isThere, body) = await ReadBodyAsync(queue, row, detail.ShowsBody, cancellationToken);
                var now = context.Now;
                var state = row.State.IsUnburied(now) ? row.State.Buried() : row.State;
                return (isThere, state.ToMessage(row, body, now));
            },
            cancellationToken);

    /// <summary>
    /// Returns the state of a message and the ETag of its row by id, with one read. Null if there is no message of these kinds.
    /// </summary>
    public async Task<(MessageState State, string ETag)?> ReadStateAsync(
        QueueAddress queue, MessageId id, MessageLife which, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = context.Now;
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is not { } row)
                return null;
            var state = MessageState.From(row.Columns);
            var life = state.LifeAt(context.Now);
            if ((life & which) != 0)
                return (state, row.ETag);
            if (life == state.LifeAt(before))
                return null;
            // The message expired or died during the read, or its time was changed meanwhile: read it again.
        }
    }

    /// <summary>
    /// Returns a message's row in line, of the same change as its row by id; null if there is no message of these kinds.
    /// </summary>
    public Task<MessageRow?> ReadRowAsync(QueueAddress queue, MessageId id, MessageLife which, CancellationToken cancellationToken) =>
        context.UntilStableAsync(
            async () =>
            {
                if (await ReadStateAsync(queue, id, which, cancellationToken) is not var (state, _))
                    return (true, (MessageRow?)null);
                // If the row is missing or of another change, the message was changed between the two reads.
                var row = await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is { } found
                    ? MessageRow.From(found)
                    : null;
                return (row is not null && row.State.Revisions == state.Revisions, row);
            },
            cancellationToken);

    /// <summary>Returns a message's row in line with its body, of one change; null if there is no message of these kinds.</summary>
    public Task<(MessageRow Row, byte[] Body)?> ReadWholeAsync(
        QueueAddress queue, MessageId id, MessageLife which, CancellationToken cancellationToken) => context.UntilStableAsync(
        async () =>
        {
            if (await ReadRowAsync(queue, id, which, cancellationToken) is not { } row)
                return (true, ((MessageRow, byte[])?)null);
            var (isThere, body) = await ReadBodyAsync(queue, row, isShown: true, cancellationToken);
            return (isThere, isThere ? (row, body!) : null);
        },
        cancellationToken);

    /// <summary>
    /// Returns the message at a place in the queue, in whichever line it is; null if it left the queue or does not match.
    /// </summary>
    /// <param name="queue">The message's queue.</param>
    /// <param name="id">The message's id.</param>
    /// <param name="sequence">The message's place. A message of the same id at another place is another message.</param>
    /// <param name="selection">Which kinds of messages match, and whether hidden ones do.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<MessageRow?> FindAsync(
        QueueAddress queue, MessageId id, Sequence sequence, MessageSelection selection, CancellationToken cancellationToken)
    {
        // The time before the read decides whether the message is visible: afterwards another worker may have claimed it.
        var now = context.Now;
        var row = await ReadRowAsync(queue, id, selection.Which, cancellationToken);
        if (row is null || row.Sequence != sequence)
            return null;
        // What is not buried yet is not in the dead line.
        var matches = selection.Which == MessageLife.Dead
            ? row.State.DiedAt != 0
            : (selection.MatchHidden || row.State.IsHideOver(now)) && (selection.MatchWaiting || !row.State.IsWaiting);
        return matches ? row : null;
    }

    /// <summary>Reads the body of a message, if the answer shows it.</summary>
    /// <returns>False if the chunks no longer exist: the message was changed since its row was read.</returns>
    public ValueTask<(bool IsThere, byte[]? Body)> ReadBodyAsync(
        QueueAddress queue, MessageRow row, bool isShown, CancellationToken cancellationToken)
    {
        if (!isShown)
            return new((true, null));
        return row.State.Chunks == 0 ? new((true, row.Inline)) : new(ReadChunksAsync(queue, row, cancellationToken));
    }

    private async Task<(bool IsThere, byte[]? Body)> ReadChunksAsync(
        QueueAddress queue, MessageRow row, CancellationToken cancellationToken)
    {
        var body = await BodyChunks.ReadAsync(context.Messages, queue.Partition, row, cancellationToken);
        return (body is not null, body);
    }
}

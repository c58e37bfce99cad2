using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>Reads one live message by its id, hidden or not. Its rows are read until they are of one change.</summary>
internal sealed class MessageFinder(QueueContext context)
{
    /// <summary>The message; null if there is none.</summary>
    public Task<Message?> GetAsync(QueueAddress queue, MessageId id, Detail detail, CancellationToken cancellationToken) =>
        context.UntilStableAsync(
            async () =>
            {
                if (await ReadRowAsync(queue, id, cancellationToken) is not { } row)
                    return (true, (Message?)null);
                var (isThere, body) = await ReadBodyAsync(queue, row, detail.ShowsBody, cancellationToken);
                return (isThere, row.State.ToMessage(row, body, context.Now));
            },
            cancellationToken);

    /// <summary>The state of a message and the ETag of its row by id: one read. Null if there is no live message.</summary>
    public async Task<(MessageState State, string ETag)?> ReadStateAsync(
        QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = context.Now;
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is not { } row)
                return null;
            var state = MessageState.From(row.Columns);
            if (state.IsLive(context.Now))
                return (state, row.ETag);
            if (!state.IsLive(before))
                return null;
            // It expired during the read, or was given more time meanwhile: read it again.
        }
    }

    /// <summary>A message's row in line, of the same change as its row by id; null if there is no live message.</summary>
    public Task<MessageRow?> ReadRowAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken) =>
        context.UntilStableAsync(
            async () =>
            {
                if (await ReadStateAsync(queue, id, cancellationToken) is not var (state, _))
                    return (true, (MessageRow?)null);
                // Missing, or of another change: the message was changed between the two reads.
                var row = await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is { } found
                    ? MessageRow.From(found)
                    : null;
                return (row is not null && row.State.Revisions == state.Revisions, row);
            },
            cancellationToken);

    /// <summary>The message at a place in line, wherever its row is now; null if it left the queue or does not match.</summary>
    /// <param name="queue">Its queue.</param>
    /// <param name="id">Its id.</param>
    /// <param name="sequence">Its place. A message of the same id at another place is another message.</param>
    /// <param name="matchHidden">Whether a hidden message matches.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<MessageRow?> FindAsync(
        QueueAddress queue, MessageId id, Sequence sequence, bool matchHidden, CancellationToken cancellationToken)
    {
        // Visibility is judged by the clock before the read: afterwards another worker may have claimed the message.
        var now = context.Now;
        var row = await ReadRowAsync(queue, id, cancellationToken);
        return row is not null && row.Sequence == sequence && (matchHidden || row.State.IsVisible(now)) ? row : null;
    }

    /// <summary>The body of a message, if the answer shows it.</summary>
    /// <returns>False if its chunks are gone: the message was changed since its row was read.</returns>
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

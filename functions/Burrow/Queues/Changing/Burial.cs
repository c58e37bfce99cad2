using Burrow.Queues.Rows;

namespace Burrow.Queues.Changing;

/// <summary>
/// Moves messages that died by time into the dead line (docs/design/dead.md), and removes those that have expired. No answer about live
/// messages depends on it.
/// </summary>
internal sealed class Burial(QueueContext context, Transactions transactions, IEventOutbox outbox)
{
    /// <summary>The change of a message whose time in its line is over: it is buried, or removed with its event.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="state">The message as its row by id was read.</param>
    /// <param name="indexETag">The ETag of that row.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>Null if others changed it: there is nothing to do.</returns>
    public async Task<MessageWrite?> WriteOfEndAsync(
        QueueAddress queue, MessageState state, string indexETag, CancellationToken cancellationToken)
    {
        if (state.IsUnburied(context.Now))
        {
            // Without the line row of the same change, the worker was in time, or another process has buried the message.
            return await LineAsync() is { } line && line.State.Revisions == state.Revisions ? BurialOf(line) : null;
        }

        var write = MessageWrite.Remove(state, indexETag);
        return state.DiedAt == 0 && (await outbox.GetKindsAsync(queue, cancellationToken)).HasFlag(EventKinds.Expired)
            ? write.WithEvent(outbox.NewMessageExpired(queue, state, await LineAsync()))
            : write;

        async Task<MessageRow?> LineAsync() =>
            await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is { } row ? MessageRow.From(row) : null;
    }

    /// <summary>Removes an expired message.</summary>
    /// <inheritdoc cref="WriteOfEndAsync"/>
    /// <returns>False if others changed it, or storage failed: the caller reads it again, after a moment.</returns>
    public async Task<bool> RemoveAsync(QueueAddress queue, MessageState state, string indexETag, CancellationToken cancellationToken) =>
        await WriteOfEndAsync(queue, state, indexETag, cancellationToken) is { } write
        && (await transactions.CommitAsync(queue, [write], cancellationToken)).Outcome == CommitOutcome.Done;

    /// <summary>
    /// Buries a message that died by time, also if the time is over for which it was to be kept: its death is announced in any case.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="state">The message as its row by id was read.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>False if others changed it, or storage failed: the caller reads it again, after a moment.</returns>
    public async Task<bool> BuryAsync(QueueAddress queue, MessageState state, CancellationToken cancellationToken)
    {
        if (await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is not { } found
            || MessageRow.From(found) is not { } row
            || row.State.Revisions != state.Revisions)
        {
            return false;
        }

        var (outcome, _) = await transactions.CommitAsync(queue, [BurialOf(row)], cancellationToken);
        return outcome == CommitOutcome.Done;
    }

    private static MessageWrite BurialOf(MessageRow row) => MessageWrite.Update(row, row.State.Buried());
}

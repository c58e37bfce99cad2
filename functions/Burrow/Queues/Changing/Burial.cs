using Burrow.Queues.Rows;

namespace Burrow.Queues.Changing;

/// <summary>
/// Moves messages that died by time into the dead line (docs/design/dead.md). No answer about live messages depends on it.
/// </summary>
internal sealed class Burial(QueueContext context, Transactions transactions)
{
    /// <summary>The burial of a message that died by time.</summary>
    public static MessageWrite WriteOf(MessageRow row) => MessageWrite.Update(row, row.State.Buried());

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

        var (outcome, _) = await transactions.CommitAsync(queue, [WriteOf(row)], cancellationToken);
        return outcome == CommitOutcome.Done;
    }
}

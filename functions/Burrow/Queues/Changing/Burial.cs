using Burrow.Queues.Reading;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Changing;

/// <summary>
/// Moves messages that died by time into the dead line (docs/design/dead.md). No answer about live messages depends on it.
/// </summary>
internal sealed class Burial(MessageFinder finder, Transactions transactions)
{
    /// <summary>The burial of a message that died by time.</summary>
    public static MessageWrite WriteOf(MessageRow row) => MessageWrite.Update(row, row.State.Buried());

    /// <summary>Buries one message, if it died by time and is not buried yet.</summary>
    /// <returns>False if others changed it, or storage failed: the caller reads it again, after a moment.</returns>
    public async Task<bool> BuryAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        if (await finder.ReadRowAsync(queue, id, MessageLife.Dead, cancellationToken) is not { State.DiedAt: 0 } row)
            return true;
        var (outcome, _) = await transactions.CommitAsync(queue, [WriteOf(row)], cancellationToken);
        return outcome == CommitOutcome.Done;
    }
}

using Burrow.Queues.Rows;

namespace Burrow.Queues.Counting;

/// <summary>What a change of a message adds to its queue's counts.</summary>
internal static class CountChange
{
    /// <summary>What a put adds.</summary>
    /// <param name="replaced">The message that it replaces, live, dead or expired; null: none.</param>
    /// <param name="isKept">Whether that message keeps its place: it is not expired.</param>
    /// <param name="length">Bytes of the new body.</param>
    public static QueueCounts OfPut(MessageState? replaced, bool isKept, long length) => new(
        Messages: replaced is null ? 1 : 0,
        Bytes: length - (replaced?.Length ?? 0),
        Inserted: isKept ? 0 : 1,
        Claimed: 0,
        Deleted: 0,
        Expired: replaced is not null && !isKept ? 1 : 0,
        Dead: -DeadOf(replaced));

    /// <summary>What an update or a removal adds.</summary>
    public static QueueCounts Of(MessageWrite write, long now)
    {
        var dead = DeadOf(write.After) - DeadOf(write.Before);
        if (write.After is { } after)
        {
            return QueueCounts.None with
            {
                Bytes = after.Length - write.Before.Length,
                Claimed = after.Deliveries > write.Before.Deliveries ? 1 : 0,
                Dead = dead,
            };
        }

        var expired = write.Before.LifeAt(now) == MessageLife.None ? 1 : 0;
        return new(-1, -write.Before.Length, 0, 0, 1 - expired, expired, dead);
    }

    private static int DeadOf(MessageState? state) => state is { DiedAt: not 0 } ? 1 : 0;
}

using Burrow.Queues.Rows;

namespace Burrow.Queues.Counting;

/// <summary>What a change of a message adds to its queue's counts.</summary>
internal static class CountChange
{
    /// <summary>What a put adds.</summary>
    /// <param name="replaced">The message that it replaces, live or expired; null: none.</param>
    /// <param name="isLive">Whether that message is live.</param>
    /// <param name="length">Bytes of the new body.</param>
    public static QueueCounts OfPut(MessageState? replaced, bool isLive, long length) => new(
        Messages: replaced is null ? 1 : 0,
        Bytes: length - (replaced?.Length ?? 0),
        Inserted: isLive ? 0 : 1,
        Claimed: 0,
        Deleted: 0,
        Expired: replaced is not null && !isLive ? 1 : 0);

    /// <summary>What an update or a removal adds.</summary>
    public static QueueCounts Of(MessageWrite write, long now)
    {
        if (write.After is { } after)
            return QueueCounts.None with { Claimed = after.Deliveries > write.Before.Deliveries ? 1 : 0 };
        var expired = write.Before.IsLive(now) ? 0 : 1;
        return new(-1, -write.Before.Length, 0, 0, 1 - expired, expired);
    }
}

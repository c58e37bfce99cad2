using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues;

/// <summary>How much a queue holds, and what happened to its messages; or what is to be added to that.</summary>
/// <param name="Messages">Stored; those that expired too, until they are removed.</param>
/// <param name="Bytes">Of their bodies.</param>
/// <param name="Inserted">Put anew, in all.</param>
/// <param name="Claimed">Handed out by claims, in all.</param>
/// <param name="Deleted">Deleted and taken, in all.</param>
/// <param name="Expired">Removed as they had expired, in all.</param>
public readonly record struct QueueCounts(long Messages, long Bytes, long Inserted, long Claimed, long Deleted, long Expired)
{
    /// <summary>Nothing.</summary>
    public static readonly QueueCounts None;

    /// <summary>Both together.</summary>
    public static QueueCounts operator +(QueueCounts a, QueueCounts b) => new(
        a.Messages + b.Messages, a.Bytes + b.Bytes, a.Inserted + b.Inserted, a.Claimed + b.Claimed, a.Deleted + b.Deleted, a.Expired + b.Expired);

    /// <summary>One without the other.</summary>
    public static QueueCounts operator -(QueueCounts a, QueueCounts b) => new(
        a.Messages - b.Messages, a.Bytes - b.Bytes, a.Inserted - b.Inserted, a.Claimed - b.Claimed, a.Deleted - b.Deleted, a.Expired - b.Expired);

    /// <summary>What a put adds.</summary>
    /// <param name="there">What it replaces, live or expired; null: nothing.</param>
    /// <param name="isLive">Whether that is live.</param>
    /// <param name="length">Of its body.</param>
    internal static QueueCounts OfPut(MessageState? there, bool isLive, long length) => new(
        Messages: there is null ? 1 : 0,
        Bytes: length - (there?.Length ?? 0),
        Inserted: isLive ? 0 : 1,
        Claimed: 0,
        Deleted: 0,
        Expired: there is not null && !isLive ? 1 : 0);

    /// <summary>What a change adds.</summary>
    internal static QueueCounts Of(MessageWrite write, long now)
    {
        if (write.After is { } after)
            return None with { Claimed = after.Deliveries > write.Before.Deliveries ? 1 : 0 };
        var expired = write.Before.IsLive(now) ? 0 : 1;
        return new(-1, -write.Before.Length, 0, 0, 1 - expired, expired);
    }

    internal static QueueCounts From(Columns columns) => new(
        columns.GetInteger("messages"), columns.GetInteger("bytes"), columns.GetInteger("inserted"), columns.GetInteger("claimed"), columns.GetInteger("deleted"), columns.GetInteger("expired"));

    /// <param name="queue">Which queue's.</param>
    /// <param name="recount">Not to be counted anew before that.</param>
    /// <param name="by">Who wrote it.</param>
    internal Columns ToColumns(QueueName queue, long recount, string by) => new()
    {
        { "name", queue.Value },
        { "messages", Messages },
        { "bytes", Bytes },
        { "inserted", Inserted },
        { "claimed", Claimed },
        { "deleted", Deleted },
        { "expired", Expired },
        { "recount", recount },
        { "by", by },
    };
}

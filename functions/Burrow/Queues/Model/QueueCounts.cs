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
        a.Messages + b.Messages,
        a.Bytes + b.Bytes,
        a.Inserted + b.Inserted,
        a.Claimed + b.Claimed,
        a.Deleted + b.Deleted,
        a.Expired + b.Expired);

    /// <summary>One without the other.</summary>
    public static QueueCounts operator -(QueueCounts a, QueueCounts b) => new(
        a.Messages - b.Messages,
        a.Bytes - b.Bytes,
        a.Inserted - b.Inserted,
        a.Claimed - b.Claimed,
        a.Deleted - b.Deleted,
        a.Expired - b.Expired);
}

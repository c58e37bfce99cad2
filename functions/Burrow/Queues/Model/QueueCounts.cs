namespace Burrow.Queues;

/// <summary>How much a queue holds, and what happened to its messages; or what a change adds to that.</summary>
/// <param name="Messages">Messages stored, dead ones included. Expired messages count until they are removed.</param>
/// <param name="Bytes">Bytes of their bodies.</param>
/// <param name="Inserted">Total of new messages put.</param>
/// <param name="Claimed">Total of messages that claims handed out.</param>
/// <param name="Deleted">Total of messages deleted or taken.</param>
/// <param name="Expired">Total of messages removed because they had expired.</param>
/// <param name="Dead">How many of the messages stored are dead.</param>
public readonly record struct QueueCounts(
    long Messages, long Bytes, long Inserted, long Claimed, long Deleted, long Expired, long Dead = 0)
{
    /// <summary>Nothing.</summary>
    public static readonly QueueCounts None;

    /// <summary>The sum of both.</summary>
    public static QueueCounts operator +(QueueCounts a, QueueCounts b) => new(
        a.Messages + b.Messages,
        a.Bytes + b.Bytes,
        a.Inserted + b.Inserted,
        a.Claimed + b.Claimed,
        a.Deleted + b.Deleted,
        a.Expired + b.Expired,
        a.Dead + b.Dead);

    /// <summary>The first without the second.</summary>
    public static QueueCounts operator -(QueueCounts a, QueueCounts b) => new(
        a.Messages - b.Messages,
        a.Bytes - b.Bytes,
        a.Inserted - b.Inserted,
        a.Claimed - b.Claimed,
        a.Deleted - b.Deleted,
        a.Expired - b.Expired,
        a.Dead - b.Dead);
}

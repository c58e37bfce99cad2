namespace Burrow.Queues;

/// <summary>The statistics of a queue or of an account.</summary>
public sealed record MessageStatistics
{
    /// <summary>The statistics of a queue that is not there.</summary>
    internal static readonly MessageStatistics None = new()
    {
        Counts = QueueCounts.None,
        Visible = 0,
        Hidden = 0,
        HiddenIsExact = true,
        OldestVisibleAge = null,
        OldestIsExact = true,
    };

    /// <summary>
    /// What is stored, and what happened to messages: the written counts, and what this process has done since. They lack what other
    /// processes did in their last <see cref="QueueLimits.CountsInterval"/>. Until the timer counts again, they also lack what a killed
    /// process had not written.
    /// </summary>
    public required QueueCounts Counts { get; init; }

    /// <summary>
    /// Messages that a request sees: the stored ones without the hidden ones. If <see cref="HiddenIsExact"/> is false, at most this many.
    /// </summary>
    public required long Visible { get; init; }

    /// <summary>Hidden messages, read just now.</summary>
    public required long Hidden { get; init; }

    /// <summary>Whether there are no more hidden messages than <see cref="Hidden"/> says.</summary>
    public required bool HiddenIsExact { get; init; }

    /// <summary>How long ago the first visible message was put, read just now; null: no message is visible.</summary>
    public required TimeSpan? OldestVisibleAge { get; init; }

    /// <summary>Whether no visible message is older. If there is no age: whether no message is visible at all.</summary>
    public required bool OldestIsExact { get; init; }

    /// <summary>The same of a queue that was seen to hold only dead messages, or none. The counts may be older than that.</summary>
    internal MessageStatistics AsEmpty() => None with
    {
        Counts = Counts with { Messages = Counts.Dead, Bytes = Counts.Dead == 0 ? 0 : Counts.Bytes },
    };
}

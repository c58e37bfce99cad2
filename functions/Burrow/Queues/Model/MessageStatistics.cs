namespace Burrow.Queues;

/// <summary>How a queue, or an account, stands.</summary>
public sealed record MessageStatistics
{
    /// <summary>
    /// What is stored, and what happened to messages: as it is written down, and what this process has done since. It lacks what other
    /// processes did in their last <see cref="QueueLimits.CountsInterval"/>, and, until the timer counts anew, what a killed one had not written.
    /// </summary>
    public required QueueCounts Counts { get; init; }

    /// <summary>Messages that a request sees: those stored without the hidden ones; at most so many if <see cref="HiddenIsExact"/> is false.</summary>
    public required long Visible { get; init; }

    /// <summary>Messages that are hidden, seen just now.</summary>
    public required long Hidden { get; init; }

    /// <summary>Whether there are no more hidden ones than <see cref="Hidden"/> says.</summary>
    public required bool HiddenIsExact { get; init; }

    /// <summary>How long ago the first visible message was put, seen just now; null: none is visible.</summary>
    public required TimeSpan? OldestVisibleAge { get; init; }

    /// <summary>Whether there is none that is older; without an age, whether there is none at all.</summary>
    public required bool OldestIsExact { get; init; }
}

namespace Burrow.Queues;

/// <summary>The statistics of an account.</summary>
/// <param name="Queues">How many of its queues hold a message.</param>
/// <param name="Statistics">
/// All these queues together. The values that come from a read of the queue are those of <paramref name="Shown"/> alone. They are
/// not exact if other queues hold messages.
/// </param>
/// <param name="Shown">
/// Some of its queues, in the order of their names. Queues that became empty some minutes ago are among them: their totals are
/// still known.
/// </param>
/// <param name="More">Whether more queues follow those that are shown.</param>
public sealed record AccountStatistics(
    long Queues, MessageStatistics Statistics, IReadOnlyList<QueueStatistics> Shown, bool More);

namespace Burrow.Queues;

/// <summary>How an account stands.</summary>
/// <param name="Queues">Its queues that hold a message.</param>
/// <param name="Statistics">All of them together; what is seen by looking is of <paramref name="Shown"/> alone, and not exact if there are others.</param>
/// <param name="Shown">Some of them, in order of their names; those too that were emptied some minutes ago, whose totals are still known.</param>
/// <param name="More">There are more.</param>
/// <param name="Known">How many queues are known, shown or not.</param>
public sealed record AccountStatistics(
    long Queues, MessageStatistics Statistics, IReadOnlyList<QueueStatistics> Shown, bool More, int Known);

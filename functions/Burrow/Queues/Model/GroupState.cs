namespace Burrow.Queues;

/// <summary>A group that has messages.</summary>
/// <param name="Name">The group.</param>
/// <param name="Ready">
/// How many of its messages may be claimed or are claimed, hidden ones too, and expired ones that are not removed yet.
/// </param>
/// <param name="Waiting">How many wait behind those; at most <see cref="GroupLimits.Counted"/>, which means that or more.</param>
/// <param name="Held">How many dead messages hold it back (<see cref="QueuePolicy.HaltsGroupOnDead"/>).</param>
/// <param name="Dead">The ids of these, of the first 10,000 in the queue.</param>
public sealed record GroupState(GroupName Name, long Ready, long Waiting, long Held, IReadOnlyList<MessageId> Dead);

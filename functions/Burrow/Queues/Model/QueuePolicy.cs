namespace Burrow.Queues;

/// <summary>How an account's queues of some names behave. Exactly one policy holds for a queue, or none.</summary>
/// <param name="Name">The policy's name.</param>
/// <param name="Queues">The queues that it is for. No two policies of an account are for the same pattern.</param>
public sealed record QueuePolicy(PolicyName Name, QueuePattern Queues)
{
    /// <summary>Where no policy holds.</summary>
    public static readonly QueuePolicy None = new(new("none"), QueuePattern.All);

    /// <summary>The <c>ttl</c> of a put or redrive that sets none, in seconds; null: the setting's.</summary>
    public long? Ttl { get; init; }

    /// <summary>The <c>hide</c> of a put that sets none, in seconds; null: the setting's.</summary>
    public long? Hide { get; init; }

    /// <summary>How often a message is delivered at most, before it dies; null: no bound.</summary>
    public long? MaxDeliveries { get; init; }

    /// <summary>How long a dead message is kept, in seconds; 0: for ever.</summary>
    public long DeadTtl { get; init; } = PolicyLimits.DefaultDeadTtl;

    /// <summary>
    /// How long <c>outcome=failed</c> hides a message, in seconds, by the number of its delivery. The last one repeats; empty: not at all.
    /// </summary>
    public IReadOnlyList<long> RetryDelays { get; init; } = [];

    /// <summary>How many messages the queue holds at most, dead ones included; 0: no bound.</summary>
    public long MaxMessages { get; init; }

    /// <summary>How many messages of one group are ready or claimed at a time.</summary>
    public long GroupConcurrency { get; init; } = 1;

    /// <summary>Whether a group halts while it has a dead message.</summary>
    public bool HaltsGroupOnDead { get; init; }

    /// <summary>Whether claims and takes find nothing.</summary>
    public bool Paused { get; init; }

    /// <summary>Seconds to keep a dead message, if the delivery of that number is the last one; else null.</summary>
    internal long? DeadTtlOfLast(long delivery) => delivery >= MaxDeliveries ? DeadTtl : null;

    /// <summary>Seconds for which <c>outcome=failed</c> hides a message after that many deliveries.</summary>
    internal long RetryDelayAfter(long deliveries) =>
        RetryDelays.Count == 0 ? 0 : RetryDelays[(int)Math.Clamp(deliveries - 1, 0, RetryDelays.Count - 1)];
}

namespace Burrow.Queues;

/// <summary>What became of a message: the outcomes of AMQP 1.0 (section 3.4), in plain words.</summary>
public enum OutcomeKind
{
    /// <summary>The work is done: the message is deleted. AMQP: accepted.</summary>
    Done,

    /// <summary>The message is visible at once, and this delivery is not counted. AMQP: released.</summary>
    Released,

    /// <summary>The work failed: the message is tried again, unless its deliveries are used up. AMQP: modified, delivery failed.</summary>
    Failed,

    /// <summary>The message is dead. AMQP: rejected.</summary>
    Dead,
}

/// <summary>What a worker says about a message that it claimed.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Cause">The reason of <see cref="OutcomeKind.Failed"/> or <see cref="OutcomeKind.Dead"/>; null: none is given.</param>
/// <param name="Hide">
/// With <see cref="OutcomeKind.Failed"/>: seconds until the message is tried again; null: as the queue's policy says.
/// </param>
public sealed record Outcome(OutcomeKind Kind, string? Cause = null, long? Hide = null)
{
    /// <summary>With <see cref="OutcomeKind.Done"/>: the result that is left; null: none.</summary>
    public ResultBody? Result { get; init; }
}

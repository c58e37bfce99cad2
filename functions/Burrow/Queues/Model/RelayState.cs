namespace Burrow.Queues;

/// <summary>How far a relay has come.</summary>
public enum RelayPhase
{
    /// <summary>What stood in its queues when it was put is still being brought into their outboxes.</summary>
    Preparing,

    /// <summary>It sends what is put.</summary>
    Active,

    /// <summary>It can't go on, for a reason.</summary>
    Failing,
}

/// <summary>A relay, and how far it has come.</summary>
/// <param name="Relay">The relay.</param>
/// <param name="Phase">Failing if one of its queues is.</param>
/// <param name="Reason">Why it fails; null: it does not.</param>
/// <param name="Links">Its queues that hold or held messages since it was put, at most <see cref="QueueLimits.AnswerItems"/>.</param>
public sealed record RelayState(Relay Relay, RelayPhase Phase, string? Reason, IReadOnlyList<RelayQueue> Links);

/// <summary>How far a relay has come with a queue.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Producer">The producer that the relay is at the other side.</param>
/// <param name="Phase">How far it has come.</param>
/// <param name="Reason">Why it fails; null: it does not.</param>
/// <param name="Messages">
/// Messages that wait to be sent, those too that have changed since they were: exact up to some thousand, about right beyond.
/// </param>
/// <param name="Seconds">For how long the first of them has waited.</param>
public sealed record RelayQueue(QueueName Queue, ProducerName Producer, RelayPhase Phase, string? Reason, long Messages, long Seconds);

/// <summary>A message that the other side of a relay may lack, or that it holds otherwise.</summary>
/// <param name="Queue">Its queue.</param>
/// <param name="Id">Its id.</param>
/// <param name="IsChanged">
/// Whether the other side has it, and it was changed or removed here since. Otherwise the other side lacks it.
/// </param>
public sealed record RelayMissing(QueueName Queue, MessageId Id, bool IsChanged);

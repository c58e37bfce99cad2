namespace Burrow.Queues;

/// <summary>A message as an answer shows it: at one instant, by the clock of the instance that serves the request.</summary>
public sealed record Message
{
    /// <summary>The message's id, unique in its queue.</summary>
    public required MessageId Id { get; init; }

    /// <summary>The message's place in the queue.</summary>
    public required Sequence Sequence { get; init; }

    /// <summary>The message's revision.</summary>
    public required Receipt Receipt { get; init; }

    /// <summary>Whole seconds until the message expires, rounded up; 0: never.</summary>
    public required long Ttl { get; init; }

    /// <summary>Whole seconds for which the message is hidden, rounded up; 0: visible.</summary>
    public required long Hide { get; init; }

    /// <summary>When the message was first put. A replace does not change it.</summary>
    public required DateTimeOffset Inserted { get; init; }

    /// <summary>How often the message was claimed. A replace does not change it.</summary>
    public required long Deliveries { get; init; }

    /// <summary>0 to <see cref="QueueLimits.MaxPriority"/>; claims and takes hand out higher ones first.</summary>
    public int Priority { get; init; } = QueueLimits.DefaultPriority;

    /// <summary>The group whose messages are handed out in order; null: the message is in none.</summary>
    public GroupName? Group { get; init; }

    /// <summary>When the message died; null: it is not dead.</summary>
    public DateTimeOffset? Died { get; init; }

    /// <summary>What workers reported as reasons of failures: the last <see cref="QueueLimits.Causes"/>, oldest first.</summary>
    public IReadOnlyList<Cause> Causes { get; init; } = [];

    /// <summary>The content type of the last put, if it had one.</summary>
    public required string? ContentType { get; init; }

    /// <summary>The span of the last put (W3C Trace Context, <c>traceparent</c>), if it is known.</summary>
    public required string? TraceParent { get; init; }

    /// <summary>The message's body, if the request asked for it.</summary>
    public required byte[]? Body { get; init; }
}

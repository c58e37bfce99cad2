namespace Burrow.Queues;

/// <summary>A message as it is shown: at one instant, by the clock of the instance that serves.</summary>
public sealed record Message
{
    /// <summary>Its id, unique in its queue.</summary>
    public required MessageId Id { get; init; }

    /// <summary>Its place in the queue.</summary>
    public required Sequence Sequence { get; init; }

    /// <summary>Its revision.</summary>
    public required Receipt Receipt { get; init; }

    /// <summary>Whole seconds that it has to live, rounded up; 0: for ever.</summary>
    public required long Ttl { get; init; }

    /// <summary>Whole seconds for which it is hidden, rounded up; 0: visible.</summary>
    public required long Hide { get; init; }

    /// <summary>When it was first put; a replace leaves it.</summary>
    public required DateTimeOffset Inserted { get; init; }

    /// <summary>How often it was claimed; a replace leaves it.</summary>
    public required long Deliveries { get; init; }

    /// <summary>The content type that it was last put with, if any.</summary>
    public required string? ContentType { get; init; }

    /// <summary>The span that it was last put by (W3C Trace Context, <c>traceparent</c>), if anybody said.</summary>
    public required string? TraceParent { get; init; }

    /// <summary>Its body, where the request asked for it.</summary>
    public required byte[]? Body { get; init; }
}

namespace Burrow.Queues;

/// <summary>A message to put.</summary>
/// <param name="Id">A new id, or the id of the message to replace.</param>
/// <param name="Body">At most <see cref="QueueOptions.MaxBodyBytes"/> bytes. The array is kept, not copied.</param>
/// <param name="ContentType">The body's content type, if known.</param>
/// <param name="Attributes">The settings give the defaults of absent attributes.</param>
/// <param name="Precondition">What the put requires of a message with this id.</param>
public sealed record PutRequest(MessageId Id, byte[] Body, string? ContentType, Attributes Attributes, Precondition Precondition)
{
    /// <summary>The span that the put comes from (W3C Trace Context, <c>traceparent</c>), well-formed; null: not known.</summary>
    public string? TraceParent { get; init; }

    /// <summary>
    /// The message's priority, 0 to <see cref="QueueLimits.MaxPriority"/>. Null: that of the message that is replaced, or
    /// <see cref="QueueLimits.DefaultPriority"/>.
    /// </summary>
    public int? Priority { get; init; }

    /// <summary>The group that the message belongs to. Null: that of the message that is replaced, or none.</summary>
    public GroupName? Group { get; init; }

    /// <summary>
    /// Seconds for which it is kept what became of the message, after its end: 1 to <see cref="ResultLimits.Kept"/>. Null: as for the
    /// message that is replaced, or it is not kept.
    /// </summary>
    public long? Result { get; init; }

    /// <summary>Which of its producer's messages it is, so that it is stored once; null: the producer does not number them.</summary>
    public ProducerNumber? Number { get; init; }

    /// <summary>What another deployment says of the message that it sends; null: the put comes from a client.</summary>
    public RelayedPut? Relayed { get; init; }
}

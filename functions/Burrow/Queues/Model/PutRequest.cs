namespace Burrow.Queues;

/// <summary>A message to put.</summary>
/// <param name="Id">New, or that of the message to replace.</param>
/// <param name="Body">At most <see cref="QueueOptions.MaxBodyBytes"/>; kept, not copied.</param>
/// <param name="ContentType">What it is, if known.</param>
/// <param name="Attributes">Absent ones are the defaults of the settings.</param>
/// <param name="Precondition">What is demanded of a message of that id.</param>
public sealed record PutRequest(MessageId Id, byte[] Body, string? ContentType, Attributes Attributes, Precondition Precondition)
{
    /// <summary>The span that it comes from (W3C Trace Context, <c>traceparent</c>), well-formed; null: nobody said.</summary>
    public string? TraceParent { get; init; }
}

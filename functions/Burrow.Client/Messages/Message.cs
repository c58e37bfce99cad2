namespace Burrow.Client;

/// <summary>Why a worker could not handle a message.</summary>
/// <param name="At">When the worker said so.</param>
/// <param name="Delivery">The number of the delivery, from 1 on.</param>
/// <param name="Text">What the worker said. The member is <c>cause</c> in JSON.</param>
public sealed record Cause(
    DateTimeOffset At, int Delivery, [property: System.Text.Json.Serialization.JsonPropertyName("cause")] string Text);

/// <summary>A message as the service showed it. Nothing of it changes later, but for the receipt of a claim.</summary>
public class Message<T>
{
    private readonly WireMessage wire;
    private readonly BodyFormat<T> format;

    internal Message(WireMessage wire, BodyFormat<T> format, string? cursor = null) =>
        (this.wire, this.format, Bytes, Cursor) = (wire, format, wire.Bytes, cursor);

    /// <summary>The id, unique in its queue.</summary>
    public string Id => wire.Id;

    /// <summary>The body, read anew with each call.</summary>
    /// <exception cref="BurrowBodyException">The bytes are no such body.</exception>
    public T Body => format.Read(Bytes, Id);

    /// <summary>The bytes of the body.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The content type that it was put with; null: none.</summary>
    public string? ContentType => wire.ContentType;

    /// <summary>How long it lived on when it was shown; null: for ever.</summary>
    public TimeSpan? Ttl => wire.Ttl == 0 ? null : TimeSpan.FromSeconds(wire.Ttl);

    /// <summary>For how long it was hidden from then on; 0: it was visible.</summary>
    public TimeSpan Hide => TimeSpan.FromSeconds(wire.Hide);

    /// <summary>The receipt: it changes with every claim, update and replace.</summary>
    public string Receipt => CurrentReceipt ?? wire.Etag;

    /// <summary>How often it was claimed.</summary>
    public int Deliveries => wire.Deliveries;

    /// <summary>When it was put.</summary>
    public DateTimeOffset Inserted => wire.Inserted;

    /// <summary>0 to 9; higher ones are handed out first.</summary>
    public int Priority => wire.Priority;

    /// <summary>The group, whose messages are handed out in order; null: none.</summary>
    public string? Group => wire.Group;

    /// <summary>The trace that it was put in (W3C Trace Context); null: none.</summary>
    public string? TraceParent => wire.TraceParent;

    /// <summary>When it died; null: it lives.</summary>
    public DateTimeOffset? Died => wire.Died;

    /// <summary>What workers said of it, oldest first, the last 8.</summary>
    public IReadOnlyList<Cause> Causes => wire.Causes ?? [];

    /// <summary>
    /// The place behind the message, for <see cref="ListOptions.After"/>. Every message of a stream has it, and the last one of each
    /// page of a list; null: it is not known.
    /// </summary>
    public string? Cursor { get; }

    /// <summary>The receipt after this client has changed the message.</summary>
    private protected string? CurrentReceipt { get; set; }
}

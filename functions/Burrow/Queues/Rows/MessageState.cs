using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// The state that both the line row and the row by id of a message hold. It alone determines where the message's rows are.
/// Instants are UTC ticks.
/// </summary>
internal sealed record MessageState
{
    /// <summary>The value of <see cref="ExpiresAt"/> for a message that never expires.</summary>
    public const long Never = long.MaxValue;

    public required MessageId Id { get; init; }

    public required Sequence Sequence { get; init; }

    /// <summary>0: in the visible line. Otherwise: in the hidden line, at this instant, which is past or to come.</summary>
    public required long VisibleAt { get; init; }

    public required long ExpiresAt { get; init; }

    public required long Deliveries { get; init; }

    public required long Inserted { get; init; }

    public required Revisions Revisions { get; init; }

    /// <summary>How many chunk rows the body has; 0: it is in the line row.</summary>
    public required int Chunks { get; init; }

    /// <summary>The revision of the put that stored the body: part of its chunks' keys.</summary>
    public required string BodyRevision { get; init; }

    public required long Length { get; init; }

    public string LineKey => VisibleAt == 0 ? QueueKeys.Visible(Sequence) : QueueKeys.Hidden(VisibleAt, Sequence);

    public string? ExpiryKey => ExpiresAt == Never ? null : QueueKeys.Expiry(ExpiresAt, Sequence);

    public IEnumerable<string> ChunkKeys => Enumerable.Range(0, Chunks).Select(n => QueueKeys.Chunk(Sequence, BodyRevision, n));

    /// <summary>When the timer must visit the queue for it: when it becomes visible, if it does, and when it expires.</summary>
    public IEnumerable<long> Due
    {
        get
        {
            if (VisibleAt > 0 && VisibleAt < ExpiresAt)
                yield return VisibleAt;
            if (ExpiresAt != Never)
                yield return ExpiresAt;
        }
    }

    /// <summary>The instant at which a ttl in seconds ends; 0: <see cref="Never"/>.</summary>
    public static long ExpiryOf(long ttl, long now) => ttl == 0 ? Never : now + ttl * TimeSpan.TicksPerSecond;

    /// <summary>The instant at which a hide in seconds ends; 0: visible.</summary>
    public static long VisibilityOf(long hide, long now) => hide == 0 ? 0 : now + hide * TimeSpan.TicksPerSecond;

    /// <summary>The whole seconds until an instant, rounded up; 0 once the instant is reached.</summary>
    public static long SecondsUntil(long instant, long now) =>
        instant <= now ? 0 : (instant - now + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;

    /// <summary>Whether the message has not expired.</summary>
    public bool IsLive(long now) => ExpiresAt > now;

    /// <summary>Whether the message is not hidden, or no longer. Says nothing about expiry.</summary>
    public bool IsHideOver(long now) => VisibleAt <= now;

    /// <summary>The state after an update.</summary>
    /// <param name="attributes">What the update sets.</param>
    /// <param name="delivers">Whether a claim counts as a delivery. A claim of the queue's messages does, a claim by id does not.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="random">Makes the new revision.</param>
    public MessageState With(Attributes attributes, bool delivers, long now, Random random) => this with
    {
        ExpiresAt = attributes.Ttl is { } ttl ? ExpiryOf(ttl, now) : ExpiresAt,
        VisibleAt = attributes.Hide is { } hide ? VisibilityOf(hide, now) : VisibleAt,
        Deliveries = Deliveries + (delivers && attributes.IsClaim ? 1 : 0),
        Revisions = Revisions.Next(random),
    };

    /// <summary>The message as an answer shows it.</summary>
    /// <param name="row">Its line row, perhaps from before a change; null if the answer shows nothing from it.</param>
    /// <param name="body">Its body, if the answer shows it.</param>
    /// <param name="now">UTC ticks.</param>
    public Message ToMessage(MessageRow? row, byte[]? body, long now) => new()
    {
        Id = Id,
        Sequence = Sequence,
        Receipt = new(Revisions.Latest),
        // 0 means "for ever". The message was live when it was read, so the answer says at least one second.
        Ttl = ExpiresAt == Never ? 0 : Math.Max(1, SecondsUntil(ExpiresAt, now)),
        Hide = SecondsUntil(VisibleAt, now),
        Inserted = new DateTimeOffset(Inserted, TimeSpan.Zero),
        Deliveries = Deliveries,
        ContentType = row?.ContentType,
        TraceParent = row?.TraceParent,
        Body = body,
    };

    public Columns ToColumns() => new(MessageColumns.OfState.Count)
    {
        { MessageColumns.Id, Id.Value },
        {
            MessageColumns.State,
            new StateText(Sequence, VisibleAt, Inserted, Deliveries, Length, Chunks, BodyRevision, Revisions).ToString()
        },
        { MessageColumns.ExpiresAt, ExpiresAt },
    };

    public static MessageState From(Columns columns)
    {
        var text = StateText.Of(columns);
        return new()
        {
            Id = new(columns.GetString(MessageColumns.Id)!),
            Sequence = text.Sequence,
            VisibleAt = text.VisibleAt,
            ExpiresAt = columns.GetInteger(MessageColumns.ExpiresAt),
            Deliveries = text.Deliveries,
            Inserted = text.Inserted,
            Revisions = text.Revisions,
            Chunks = text.Chunks,
            BodyRevision = text.BodyRevision,
            Length = text.Length,
        };
    }
}

using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// What a message's two rows, that in line and that by id, both say of it. Where its rows are follows from it alone.
/// Instants are UTC ticks.
/// </summary>
internal sealed record MessageState
{
    /// <summary>As <see cref="ExpiresAt"/>: never.</summary>
    public const long Never = long.MaxValue;

    /// <summary>The column that a query filters by, as an expired message doesn't exist.</summary>
    public const string ExpiresColumn = "expires";

    public required MessageId Id { get; init; }

    public required Sequence Sequence { get; init; }

    /// <summary>0: in the visible line. Else in the hidden line, at that instant, past or to come.</summary>
    public required long VisibleAt { get; init; }

    public required long ExpiresAt { get; init; }

    public required long Deliveries { get; init; }

    public required long Inserted { get; init; }

    public required Revisions Revisions { get; init; }

    /// <summary>How many chunk rows the body has; 0: it is in the line row.</summary>
    public required int Chunks { get; init; }

    /// <summary>The revision of the put that brought the body: part of its chunks' keys.</summary>
    public required string BodyRevision { get; init; }

    public required long Length { get; init; }

    public string LineKey => VisibleAt == 0 ? QueueKeys.Visible(Sequence) : QueueKeys.Hidden(VisibleAt, Sequence);

    public string? ExpiryKey => ExpiresAt == Never ? null : QueueKeys.Expiry(ExpiresAt, Sequence);

    public IEnumerable<string> ChunkKeys => Enumerable.Range(0, Chunks).Select(n => QueueKeys.Chunk(Sequence, BodyRevision, n));

    /// <summary>When the timer must see to it: when it becomes visible, if it does, and when it expires.</summary>
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

    public bool IsLive(long now) => ExpiresAt > now;

    public bool IsVisible(long now) => VisibleAt <= now;

    public Columns ToColumns() => new(ColumnNames.Count)
    {
        { "id", Id.Value },
        { "seq", Sequence.Value },
        { "visible", VisibleAt },
        { ExpiresColumn, ExpiresAt },
        { "deliveries", Deliveries },
        { "inserted", Inserted },
        { "revisions", Revisions.Text },
        { "chunks", Chunks },
        { "bodyRevision", BodyRevision },
        { "length", Length },
    };

    /// <summary>The columns of <see cref="ToColumns"/>, for queries that need no body.</summary>
    public static readonly IReadOnlyList<string> ColumnNames =
        ["id", "seq", "visible", ExpiresColumn, "deliveries", "inserted", "revisions", "chunks", "bodyRevision", "length"];

    public static MessageState From(Columns columns) => new()
    {
        Id = new(columns.GetString("id")!),
        Sequence = new(columns.GetInteger("seq")),
        VisibleAt = columns.GetInteger("visible"),
        ExpiresAt = columns.GetInteger(ExpiresColumn),
        Deliveries = columns.GetInteger("deliveries"),
        Inserted = columns.GetInteger("inserted"),
        Revisions = new(columns.GetString("revisions")!),
        Chunks = (int)columns.GetInteger("chunks"),
        BodyRevision = columns.GetString("bodyRevision")!,
        Length = columns.GetInteger("length"),
    };
}

namespace Burrow.Queues.Rows;

/// <summary>The columns of table <c>messages</c>: of a message's two rows, a queue's head, a chunk row and an expiry row.</summary>
internal static class MessageColumns
{
    public const string Id = "id";
    public const string Sequence = "seq";
    public const string VisibleAt = "visible";

    /// <summary>Queries filter by it: an expired message does not exist for them.</summary>
    public const string ExpiresAt = "expires";

    public const string Deliveries = "deliveries";
    public const string Inserted = "inserted";
    public const string Revisions = "revisions";
    public const string Chunks = "chunks";
    public const string BodyRevision = "bodyRevision";
    public const string Length = "length";

    /// <summary>Only in the line row: the body, if it is small, and what the put said about it (the next two columns).</summary>
    public const string Body = "body";
    public const string ContentType = "type";
    public const string TraceParent = "trace";

    /// <summary>Only in the head: <see cref="Open"/> or <see cref="Closed"/>.</summary>
    public const string State = "state";
    public const string Open = "open";
    public const string Closed = "closed";

    /// <summary>The columns of <see cref="MessageState"/>: both rows of a message have them.</summary>
    public static readonly IReadOnlyList<string> OfState =
        [Id, Sequence, VisibleAt, ExpiresAt, Deliveries, Inserted, Revisions, Chunks, BodyRevision, Length];

    /// <summary>The columns of a line row, without the body.</summary>
    public static readonly IReadOnlyList<string> WithoutBody = [.. OfState, ContentType, TraceParent];

    /// <summary>The columns that a query reads if it only needs to know which messages there are.</summary>
    public static readonly IReadOnlyList<string> OfPlace = [Id, Sequence];

    /// <summary>The column of one part of a chunk's bytes: a column holds at most 64 KiB.</summary>
    public static string ChunkPart(int number) => $"b{number}";
}

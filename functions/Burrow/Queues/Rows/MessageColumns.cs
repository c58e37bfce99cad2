namespace Burrow.Queues.Rows;

/// <summary>The columns of table <c>messages</c>: of a message's two rows, a queue's head, a chunk row and an expiry row.</summary>
internal static class MessageColumns
{
    public const string Id = "id";

    /// <summary>A message's <see cref="StateText"/>, or a head's state.</summary>
    public const string State = "s";

    /// <summary>
    /// Queries filter by it. In a line row: the end of the message's time in that line, so an expired or dead message does not exist for
    /// them. In a row by id: when nothing of the message is left.
    /// </summary>
    public const string ExpiresAt = "expires";

    /// <summary>The group of a message that is in one, in both its rows, and in the rows of the group.</summary>
    public const string Group = "group";

    /// <summary>Only in the line row: the body, if it is small, and what the put said about it (the next two columns).</summary>
    public const string Body = "body";
    public const string ContentType = "type";
    public const string TraceParent = "trace";

    /// <summary>Only in the line row of a message that another deployment has sent (<see cref="Burrow.Queues.Origin"/>).</summary>
    public const string Origin = "origin";

    /// <summary>Only in the line row: what workers reported (<see cref="Cause"/>).</summary>
    public const string Causes = "causes";

    /// <summary>Only in an expiry row at whose instant the message dies: when nothing of it is left.</summary>
    public const string GoneAt = "gone";

    /// <summary>Only in an expiry row that is not a message's: the key of the row that expires.</summary>
    public const string Of = "of";

    /// <summary>The columns of <see cref="MessageState"/>: both rows of a message have them.</summary>
    public static readonly IReadOnlyList<string> OfState = [Id, State, ExpiresAt, Group];

    /// <summary>The columns of a line row, without the body.</summary>
    public static readonly IReadOnlyList<string> WithoutBody = [.. OfState, ContentType, TraceParent];

    /// <summary>The columns that a query reads if it only needs to know which messages there are.</summary>
    public static readonly IReadOnlyList<string> OfPlace = [Id, State];

    /// <summary>The column of one part of a chunk's bytes: a column holds at most 64 KiB.</summary>
    public static string ChunkPart(int number) => $"b{number}";
}

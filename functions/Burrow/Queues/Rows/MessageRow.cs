using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>A message's line row: its state, what its put said about it, and the body if it is small.</summary>
internal sealed record MessageRow(string ETag, MessageState State, string? ContentType, string? TraceParent, byte[] Inline)
{
    /// <summary>What workers reported, oldest first.</summary>
    public IReadOnlyList<Cause> Causes { get; private init; } = [];

    /// <summary>Where the message came from, if another deployment has sent it.</summary>
    public Origin? Origin { get; private init; }

    public MessageId Id => State.Id;

    public Sequence Sequence => State.Sequence;

    public static MessageRow From(Row row) =>
        new(
            row.ETag,
            MessageState.From(row.Columns),
            row.Columns.GetString(MessageColumns.ContentType),
            row.Columns.GetString(MessageColumns.TraceParent),
            row.Columns.GetBytes(MessageColumns.Body))
        {
            Causes = CausesColumn.Read(row.Columns),
            Origin = Origin.Parse(row.Columns.GetString(MessageColumns.Origin)),
        };

    /// <param name="state">The columns of the message's state. They are not changed.</param>
    /// <param name="contentType">The body's content type, if known.</param>
    /// <param name="traceParent">The span that the put came from, if known.</param>
    /// <param name="inline">The body, if this row holds it.</param>
    /// <param name="origin">Where the message came from, if another deployment has sent it.</param>
    /// <param name="causes">What workers reported.</param>
    public static Columns ToColumns(
        Columns state, string? contentType, string? traceParent, byte[] inline, Origin? origin, IReadOnlyList<Cause>? causes = null)
    {
        var columns = new Columns(state, 5);
        columns.Add(MessageColumns.ContentType, contentType);
        columns.Add(MessageColumns.TraceParent, traceParent);
        columns.Add(MessageColumns.Body, inline);
        columns.Add(MessageColumns.Origin, origin?.ToString());
        if (causes is { Count: > 0 })
            columns.Add(MessageColumns.Causes, CausesColumn.Write(causes));
        return columns;
    }
}

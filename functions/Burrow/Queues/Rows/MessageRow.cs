using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>A message's row in line: its state, what its put said of it, and the body where it is small.</summary>
internal sealed record MessageRow(string ETag, MessageState State, string? ContentType, string? TraceParent, byte[] Inline)
{
    public MessageId Id => State.Id;

    public Sequence Sequence => State.Sequence;

    public static MessageRow From(Row row) =>
        new(
            row.ETag,
            MessageState.From(row.Columns),
            row.Columns.GetString(MessageColumns.ContentType),
            row.Columns.GetString(MessageColumns.TraceParent),
            row.Columns.GetBytes(MessageColumns.Body));

    /// <param name="state">The columns of the message's state, which stay as they are.</param>
    /// <param name="contentType">What it is, if known.</param>
    /// <param name="traceParent">Where it came from, if known.</param>
    /// <param name="inline">Its body, if it is to be here.</param>
    public static Columns ToColumns(Columns state, string? contentType, string? traceParent, byte[] inline)
    {
        var columns = new Columns(state, 3);
        columns.Add(MessageColumns.ContentType, contentType);
        columns.Add(MessageColumns.TraceParent, traceParent);
        columns.Add(MessageColumns.Body, inline);
        return columns;
    }
}

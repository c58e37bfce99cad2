using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>A message's row in line: its state, what its put said of it, and the body where it is small.</summary>
internal sealed record MessageRow(string ETag, MessageState State, string? ContentType, string? TraceParent, byte[] Inline)
{
    /// <summary>The columns that a line row has with its body left out.</summary>
    public static readonly IReadOnlyList<string> WithoutBody = [.. MessageState.ColumnNames, "type", "trace"];

    public MessageId Id => State.Id;

    public Sequence Sequence => State.Sequence;

    public static MessageRow From(Row row) =>
        new(row.ETag, MessageState.From(row.Columns), row.Columns.GetString("type"), row.Columns.GetString("trace"), row.Columns.GetBytes("body"));

    /// <param name="state">The columns of the message's state, which stay as they are.</param>
    /// <param name="contentType">What it is, if known.</param>
    /// <param name="traceParent">Where it came from, if known.</param>
    /// <param name="inline">Its body, if it is to be here.</param>
    public static Columns ToColumns(Columns state, string? contentType, string? traceParent, byte[] inline)
    {
        var columns = new Columns(state, 3);
        columns.Add("type", contentType);
        columns.Add("trace", traceParent);
        columns.Add("body", inline);
        return columns;
    }
}

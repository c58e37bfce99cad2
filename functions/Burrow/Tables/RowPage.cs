namespace Burrow.Tables;

/// <summary>A part of a range of rows.</summary>
/// <param name="Rows">In ordinal order of their keys.</param>
/// <param name="Continuation">Where the next page begins, or null at the end of the range.</param>
public sealed record RowPage(IReadOnlyList<Row> Rows, string? Continuation);

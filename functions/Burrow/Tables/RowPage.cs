namespace Burrow.Tables;

/// <summary>A part of a range of rows.</summary>
/// <param name="Rows">The rows, in ordinal order of their keys.</param>
/// <param name="Continuation">The start of the next page, or null at the end of the range.</param>
public sealed record RowPage(IReadOnlyList<Row> Rows, string? Continuation);

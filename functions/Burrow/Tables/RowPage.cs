namespace Burrow.Tables;

/// <summary>A part of a range of rows.</summary>
/// <param name="Rows">The rows, in ordinal order of their keys.</param>
/// <param name="Continuation">The start of the next page, or null at the end of the range.</param>
public sealed record RowPage(IReadOnlyList<Row> Rows, string? Continuation)
{
    /// <summary>
    /// How many rows storage went through for this page: these, and those that the filter left out. In Azure, this is an estimate.
    /// </summary>
    public int Passed { get; init; } = Rows.Count;
}

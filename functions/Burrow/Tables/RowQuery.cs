namespace Burrow.Tables;

/// <summary>Which rows of a partition to read.</summary>
/// <param name="From">The first key, inclusive.</param>
/// <param name="Before">The end, exclusive.</param>
public sealed record RowQuery(string From, string Before)
{
    /// <summary>At most so many rows a page; 1 to 1,000.</summary>
    public int Top { get; init; } = TableLimits.PageRows;

    /// <summary>The <see cref="RowPage.Continuation"/> of the page before; null for the first.</summary>
    public string? Continuation { get; init; }

    /// <summary>Only these columns; null for all.</summary>
    public IReadOnlyList<string>? Select { get; init; }

    /// <summary>Only rows that have this column with a number greater than that.</summary>
    public (string Column, long Bound)? Above { get; init; }
}

namespace Burrow.Tables;

/// <summary>The rows of a partition to read.</summary>
/// <param name="From">The first key, inclusive.</param>
/// <param name="Before">The end of the range, exclusive.</param>
public sealed record RowQuery(string From, string Before)
{
    /// <summary>The greatest number of rows in a page; 1 to 1,000.</summary>
    public int Top { get; init; } = TableLimits.PageRows;

    /// <summary>The <see cref="RowPage.Continuation"/> of the previous page; null for the first page.</summary>
    public string? Continuation { get; init; }

    /// <summary>The columns to return; null for all.</summary>
    public IReadOnlyList<string>? Select { get; init; }

    /// <summary>Returns only rows that have this column, with a number greater than the bound; null for all rows.</summary>
    public (string Column, long Bound)? Above { get; init; }
}

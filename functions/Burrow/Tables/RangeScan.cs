namespace Burrow.Tables;

/// <summary>
/// Builds a page from rows in order, for the engines that read rows themselves. It applies the filter, the projection and the page
/// size. It reads at most 10,000 rows. So a filter that no row meets ends in an empty page with a continuation, as in Table storage.
/// </summary>
internal sealed class RangeScan(RowQuery query)
{
    private const int MaxPassed = 10_000;

    private readonly List<Row> rows = [];
    private int passed;
    private string? continuation;

    /// <summary>The key where the read begins, inclusive. A continuation is the last key read.</summary>
    public string From => query.Continuation is { } last ? last + ' ' : query.From;

    /// <summary>The page of the rows taken.</summary>
    public RowPage Page => new(rows, continuation);

    /// <summary>Takes one row. Returns false if the page has ended and the row belongs to the next page.</summary>
    public bool Take(Row row)
    {
        if (rows.Count == query.Top || passed == MaxPassed)
        {
            continuation = last;
            return false;
        }

        last = row.Key;
        passed++;
        if (query.Above is not { } above || row.Columns.GetValue(above.Column) is long number && number > above.Bound)
            rows.Add(query.Select is { } names ? row with { Columns = row.Columns.Only(names) } : row);
        return true;
    }

    private string? last;
}

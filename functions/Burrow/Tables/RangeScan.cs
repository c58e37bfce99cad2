namespace Burrow.Tables;

/// <summary>
/// Makes a page out of rows read in order, for the engines that read rows themselves: filter, projection, size of the page.
/// Passes at most 10,000 rows, so that a filter nobody meets ends in an empty page with a continuation, as the service's do.
/// </summary>
internal sealed class RangeScan(RowQuery query)
{
    private const int MaxPassed = 10_000;

    private readonly List<Row> rows = [];
    private int passed;
    private string? continuation;

    /// <summary>Where to begin reading, inclusive. A continuation is the last key passed.</summary>
    public string From => query.Continuation is { } last ? last + ' ' : query.From;

    /// <summary>What was taken.</summary>
    public RowPage Page => new(rows, continuation);

    /// <summary>Passes one row; false once the page has ended and the row is of the next.</summary>
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

namespace Burrow.Tables;

/// <summary>
/// Builds a page from rows in order, for the engines that read rows themselves. It applies the filter, the projection and the page
/// size. It reads at most 10,000 rows and returns at most 4 MiB. So a filter that no row meets ends in an empty page with a
/// continuation, and large rows end a page early, as in Table storage.
/// </summary>
internal sealed class RangeScan(RowQuery query)
{
    private const int MaxPassed = 10_000;
    private const int MaxBytes = 4 * 1024 * 1024;

    private readonly List<Row> rows = [];
    private int passed;
    private long bytes;
    private string? continuation;

    /// <summary>The key where the read begins, inclusive. A continuation is the last key read.</summary>
    public string From => query.Continuation is { } last ? last + ' ' : query.From;

    /// <summary>The page of the rows taken.</summary>
    public RowPage Page => new(rows, continuation) { Passed = passed };

    /// <summary>Takes one row. Returns false if the page has ended and the row belongs to the next page.</summary>
    public bool Take(Row row)
    {
        if (rows.Count == query.Top || passed == MaxPassed || bytes >= MaxBytes)
        {
            continuation = last;
            return false;
        }

        last = row.Key;
        passed++;
        if (query.Above is not { } above || row.Columns.GetValue(above.Column) is long number && number > above.Bound)
            Add(query.Select is { } names ? row with { Columns = row.Columns.Only(names) } : row);
        return true;
    }

    private void Add(Row row)
    {
        rows.Add(row);
        foreach (var (_, value) in row.Columns.Span)
        {
            if (value is byte[] { Length: var length })
                bytes += length;
        }
    }

    private string? last;
}

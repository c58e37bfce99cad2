namespace Burrow.Tables;

/// <summary>What is done with tables again and again.</summary>
internal static class TableQueries
{
    /// <summary>The first so many rows of a range (<see cref="RowQuery.Top"/>), however short its pages are, and whether there may be more.</summary>
    /// <param name="table">Where.</param>
    /// <param name="partition">Of which partition.</param>
    /// <param name="query">Which.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="pages">Pages read at most, where fewer rows will do: what a filter passes over may be much, and makes pages of its own.</param>
    public static async Task<(List<Row> Rows, bool More)> QueryFirstAsync(
        this ITable table, string partition, RowQuery query, CancellationToken cancellationToken, int pages = int.MaxValue)
    {
        var rows = new List<Row>();
        RowPage page;
        do
        {
            page = await table.QueryAsync(partition, query, cancellationToken);
            rows.AddRange(page.Rows);
            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null && rows.Count < query.Top && --pages > 0);
        return (rows, page.Continuation is not null);
    }

    /// <summary>All rows of a range, page after page: for ranges that somebody bounds.</summary>
    public static async Task<List<Row>> QueryAllAsync(this ITable table, string partition, RowQuery query, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        RowPage page;
        do
        {
            page = await table.QueryAsync(partition, query, cancellationToken);
            rows.AddRange(page.Rows);
            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);
        return rows;
    }
}

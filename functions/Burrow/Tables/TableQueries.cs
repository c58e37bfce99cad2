using System.Runtime.CompilerServices;

namespace Burrow.Tables;

/// <summary>Queries that read more than one page.</summary>
internal static class TableQueries
{
    /// <summary>
    /// All pages of a range, each read when it is asked for. A page may be empty; only a page without
    /// <see cref="RowPage.Continuation"/> is the last.
    /// </summary>
    public static async IAsyncEnumerable<RowPage> QueryPagesAsync(
        this ITable table, string partition, RowQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            var page = await table.QueryAsync(partition, query, cancellationToken);
            yield return page;
            query = query with { Continuation = page.Continuation };
        }
        while (query.Continuation is not null);
    }

    /// <summary>The first rows of a range, up to <see cref="RowQuery.Top"/>, and whether there may be more.</summary>
    /// <param name="table">The table to read.</param>
    /// <param name="partition">The partition to read.</param>
    /// <param name="query">The range. Its pages may be short or empty.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <param name="maxPages">Pages read at most, where fewer rows will do: a filter that passes over much ends pages early.</param>
    public static async Task<(List<Row> Rows, bool More)> QueryFirstAsync(
        this ITable table, string partition, RowQuery query, CancellationToken cancellationToken, int maxPages = int.MaxValue)
    {
        var rows = new List<Row>();
        var more = false;
        await foreach (var page in table.QueryPagesAsync(partition, query, cancellationToken))
        {
            rows.AddRange(page.Rows);
            more = page.Continuation is not null;
            if (rows.Count >= query.Top || --maxPages <= 0)
                break;
        }

        return (rows, more);
    }

    /// <summary>All rows of a range. Only for ranges whose size is bounded elsewhere.</summary>
    public static async Task<List<Row>> QueryAllAsync(
        this ITable table, string partition, RowQuery query, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        await foreach (var page in table.QueryPagesAsync(partition, query, cancellationToken))
            rows.AddRange(page.Rows);
        return rows;
    }
}

using System.Runtime.CompilerServices;

namespace Burrow.Tables;

/// <summary>Queries that read more than one page.</summary>
internal static class TableQueries
{
    /// <summary>
    /// Returns all pages of a range. Each page is read when the caller requests it. A page may be empty; only a page without
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

    /// <summary>
    /// Returns the first rows of a range, and whether there may be more. It reads pages until it has at least
    /// <see cref="RowQuery.Top"/> rows.
    /// </summary>
    /// <param name="table">The table to read.</param>
    /// <param name="partition">The partition to read.</param>
    /// <param name="query">The range. Its pages may be short or empty.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <param name="maxPages">
    /// The greatest number of pages to read, for callers that accept fewer rows. A filter that skips many rows makes pages short.
    /// </param>
    public static async Task<(List<Row> Rows, bool More)> QueryFirstAsync(
        this ITable table, string partition, RowQuery query, CancellationToken cancellationToken, int maxPages = int.MaxValue)
    {
        // Every claim comes here, so it reads without an async iterator, which would resume once more for each page.
        var rows = new List<Row>();
        for (var pages = 1; ; pages++)
        {
            var page = await table.QueryAsync(partition, query, cancellationToken);
            rows.AddRange(page.Rows);
            if (page.Continuation is null || rows.Count >= query.Top || pages == maxPages)
                return (rows, page.Continuation is not null);
            query = query with { Continuation = page.Continuation };
        }
    }

    /// <summary>Deletes rows, whatever they hold. Those that are gone already are passed over.</summary>
    public static async Task DeleteAsync(this ITable table, string partition, IReadOnlyList<string> keys)
    {
        foreach (var chunk in keys.Chunk(TableLimits.TransactionOperations))
        {
            var rest = chunk.ToList();
            while (rest.Count > 0)
            {
                var result = await table.SubmitAsync(
                    partition, [.. rest.Select(key => Operation.Delete(key, Operation.Any))], CancellationToken.None);
                if (result.Committed)
                    break;
                rest.RemoveAt(Math.Max(0, result.FailedIndex));
            }
        }
    }

    /// <summary>Returns all rows of a range. Only for ranges whose size is limited elsewhere.</summary>
    public static async Task<List<Row>> QueryAllAsync(
        this ITable table, string partition, RowQuery query, CancellationToken cancellationToken)
    {
        var rows = new List<Row>();
        await foreach (var page in table.QueryPagesAsync(partition, query, cancellationToken))
            rows.AddRange(page.Rows);
        return rows;
    }
}

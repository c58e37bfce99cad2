using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Directory;

/// <summary>Finds out whether a range of rows is empty.</summary>
internal static class DirectoryQueries
{
    public static async Task<bool> HoldsRowAsync(
        this ITable table, string partition, RowQuery query, CancellationToken cancellationToken) =>
        await table.FirstRowAsync(partition, query, cancellationToken) is not null;

    /// <summary>The first row of a range, with the column <see cref="MessageColumns.ExpiresAt"/> only; null if there is none.</summary>
    public static async Task<Row?> FirstRowAsync(this ITable table, string partition, RowQuery query, CancellationToken cancellationToken)
    {
        query = query with { Top = 1, Select = [MessageColumns.ExpiresAt] };
        var (rows, _) = await table.QueryFirstAsync(partition, query, cancellationToken);
        return rows.FirstOrDefault();
    }
}

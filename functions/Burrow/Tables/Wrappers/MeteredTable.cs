namespace Burrow.Tables.Wrappers;

/// <summary>Tells the request's <see cref="RowMeter"/>, if there is one, how many rows each read went through.</summary>
internal sealed class MeteredTable(ITable inner) : ITable
{
    public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken)
    {
        RowMeter.Current?.Add(1);
        return inner.GetAsync(partition, key, cancellationToken);
    }

    public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken) =>
        RowMeter.Current is { } meter
            ? CountAsync(meter, inner.QueryAsync(partition, query, cancellationToken))
            : inner.QueryAsync(partition, query, cancellationToken);

    public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
        inner.SubmitAsync(partition, operations, cancellationToken);

    private static async Task<RowPage> CountAsync(RowMeter meter, Task<RowPage> reading)
    {
        var page = await reading;
        // A query that finds nothing is work, too.
        meter.Add(Math.Max(1, page.Passed));
        return page;
    }
}

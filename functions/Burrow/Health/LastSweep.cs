using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Health;

/// <summary>When the timer last finished its work, in any process: one row of table <c>due</c>.</summary>
internal sealed class LastSweep(ITableStore store)
{
    private const string Partition = "swept";
    private const string Key = "last";
    private const string AtColumn = "at";

    private readonly ITable table = store.Open(QueueContext.DueTable);

    public Task WriteAsync(DateTimeOffset at, CancellationToken cancellationToken) =>
        table.SubmitAsync(Partition, [Operation.Upsert(Key, new Columns(1) { { AtColumn, at.UtcTicks } })], cancellationToken);

    /// <returns>The instant in UTC; null if the timer never finished.</returns>
    public async Task<DateTimeOffset?> ReadAsync(CancellationToken cancellationToken) =>
        await table.GetAsync(Partition, Key, cancellationToken) is { } row
            ? new DateTimeOffset(row.Columns.GetInteger(AtColumn), TimeSpan.Zero)
            : null;
}

using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Health;

/// <summary>When the timer last did all that it had to, in whichever process that was: one row of table <c>due</c>.</summary>
internal sealed class LastSweep(ITableStore store)
{
    private const string Partition = "swept";
    private const string Key = "last";

    private readonly ITable table = store.Open(QueueContext.DueTable);

    public Task WriteAsync(DateTimeOffset at, CancellationToken cancellationToken) =>
        table.SubmitAsync(Partition, [Operation.Upsert(Key, new Columns(1) { { "at", at.UtcTicks } })], cancellationToken);

    /// <returns>Null if it never did.</returns>
    public async Task<DateTimeOffset?> ReadAsync(CancellationToken cancellationToken) =>
        await table.GetAsync(Partition, Key, cancellationToken) is { } row
            ? new DateTimeOffset(row.Columns.GetInteger("at"), TimeSpan.Zero)
            : null;
}

using System.Runtime.CompilerServices;
using Burrow.Caching;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Scheduling;

/// <summary>
/// Which queues the timer must visit, and in which minute: to expire, promote, close. A row is written before the transaction that
/// needs it, once per queue, minute and process. The timer visits the queues whose minute is reached.
/// </summary>
internal sealed class DueTable(QueueContext context)
{
    /// <summary>How many partitions the table has. With several, the limit of one partition does not limit the whole service.</summary>
    public const int Partitions = 16;

    /// <summary>How long after its minute a row is kept. It must exist when the transaction that needs it commits.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    /// <summary>How many of the rows that it wrote this process remembers.</summary>
    private const int MaxScheduled = 200_000;

    private readonly BoundedCache<(string Partition, long Minute), bool> scheduled = new(MaxScheduled);

    /// <summary>
    /// Makes sure that the timer visits a queue at those instants. The transaction that needs this must follow at once. It may take
    /// two minutes, retries included; the rows are kept for at least five.
    /// </summary>
    public async Task ScheduleAsync(QueueAddress queue, IReadOnlyCollection<long> instants, CancellationToken cancellationToken)
    {
        long now;
        do
        {
            now = context.Now;
            HashSet<long>? minutes = null;
            foreach (var instant in instants)
            {
                if (MinuteOf(Math.Max(instant, now)) is var minute && !scheduled.TryGet((queue.Partition, minute), out _))
                    (minutes ??= []).Add(minute);
            }

            if (minutes is null)
                return;
            await Task.WhenAll(minutes.Select(minute => WriteAsync(queue, minute, cancellationToken)));
        }
        while (context.Now > now + TimeSpan.TicksPerMinute);
    }

    /// <summary>Has the timer prepare the queues of an account whose relays are about to be changed.</summary>
    public Task SchedulePreparingAsync(AccountName account, CancellationToken cancellationToken) =>
        WriteAsync(DueRow.PreparingOf(account), MinuteOf(context.Now), cancellationToken);

    /// <summary>Has the timer count a queue at an instant. If it visits the queue in that minute anyway, nothing is written.</summary>
    public async Task ScheduleRecountAsync(QueueAddress queue, long instant, CancellationToken cancellationToken)
    {
        var minute = MinuteOf(Math.Max(instant, context.Now));
        var columns = ColumnsOf(queue);
        columns.Add(DueRow.RecountColumn, 1);
        await context.Due.SubmitAsync(PartitionOf(queue), [Operation.Insert(DueRow.KeyOf(minute, queue), columns)], cancellationToken);
    }

    /// <summary>The rows of one of the <see cref="Partitions"/> whose minute is reached, oldest first, a page at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<DueRow>> ReadAsync(
        int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.First, $"{MinuteOf(context.Now) + 1:x8}");
        await foreach (var page in context.Due.QueryPagesAsync(PartitionKey(partition), query, cancellationToken))
            yield return [.. page.Rows.Select(DueRow.From)];
    }

    /// <summary>Deletes a row after a visit that left no work, if it is old enough and no process wrote it since.</summary>
    /// <param name="row">The row as it was read before the visit.</param>
    /// <param name="visited">The time of the visit, UTC ticks. The visit may have missed later changes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task RemoveAsync(DueRow row, long visited, CancellationToken cancellationToken)
    {
        if (visited >= InstantOf(row.Minute) + Kept.Ticks)
            await context.Due.SubmitAsync(PartitionOf(row.Queue), [Operation.Delete(row.Key, row.ETag)], cancellationToken);
    }

    private static long MinuteOf(long instant) => instant / TimeSpan.TicksPerMinute;

    private static long InstantOf(long minute) => minute * TimeSpan.TicksPerMinute;

    private static string PartitionKey(int number) => $"due-{number:x1}";

    /// <summary>The partition of a queue's rows.</summary>
    public static string PartitionOf(QueueAddress queue) => PartitionKey(queue.Partition[0] % Partitions);

    private async Task WriteAsync(QueueAddress queue, long minute, CancellationToken cancellationToken)
    {
        await context.Due.SubmitAsync(
            PartitionOf(queue), [Operation.Upsert(DueRow.KeyOf(minute, queue), ColumnsOf(queue))], cancellationToken);
        scheduled.Set((queue.Partition, minute), true);
    }

    private static Columns ColumnsOf(QueueAddress queue) =>
        new() { { DueRow.AccountColumn, queue.Account.Value }, { DueRow.QueueColumn, queue.Queue.Value } };
}

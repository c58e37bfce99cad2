using System.Runtime.CompilerServices;
using Burrow.Caching;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Scheduling;

/// <summary>
/// In which queues something is to be done, and in which minute: expire, promote, close. A row is written before the
/// transaction that needs it, once per queue, minute and process; the timer visits the queues whose minute has come.
/// </summary>
internal sealed class DueTable(QueueContext context)
{
    /// <summary>Partitions, so that one is not what bounds the whole service.</summary>
    public const int Partitions = 16;

    /// <summary>How long after its minute a row is kept. It must be there when the transaction commits that needs it.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    /// <summary>Rows that this process remembers to have written.</summary>
    private const int MaxScheduled = 200_000;

    private readonly BoundedCache<(string Partition, long Minute), bool> scheduled = new(MaxScheduled);

    /// <summary>
    /// Makes sure that the timer visits a queue at those instants. The transaction that needs it must follow at once: it has two
    /// minutes, retries included, of the five for which the rows are kept at least.
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

    /// <summary>The rows of one of the <see cref="Partitions"/> whose minute has come, oldest first, a page at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<DueRow>> ReadAsync(
        int partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.First, $"{MinuteOf(context.Now) + 1:x8}");
        await foreach (var page in context.Due.QueryPagesAsync(PartitionKey(partition), query, cancellationToken))
            yield return [.. page.Rows.Select(DueRow.From)];
    }

    /// <summary>Deletes a row after a visit that left nothing, if it is old enough and nobody wrote it since.</summary>
    /// <param name="row">As it was read before the visit.</param>
    /// <param name="visited">When that was: what came later, the visit may not have seen.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RemoveAsync(DueRow row, long visited, CancellationToken cancellationToken)
    {
        if (visited >= InstantOf(row.Minute) + Kept.Ticks)
            await context.Due.SubmitAsync(PartitionOf(row.Queue), [Operation.Delete(row.Key, row.ETag)], cancellationToken);
    }

    private static long MinuteOf(long instant) => instant / TimeSpan.TicksPerMinute;

    private static long InstantOf(long minute) => minute * TimeSpan.TicksPerMinute;

    private static string PartitionKey(int number) => $"due-{number:x1}";

    private static string PartitionOf(QueueAddress queue) => PartitionKey(queue.Partition[0] % Partitions);

    private async Task WriteAsync(QueueAddress queue, long minute, CancellationToken cancellationToken)
    {
        var columns = new Columns { { DueRow.AccountColumn, queue.Account.Value }, { DueRow.QueueColumn, queue.Queue.Value } };
        await context.Due.SubmitAsync(
            PartitionOf(queue), [Operation.Upsert(DueRow.KeyOf(minute, queue), columns)], cancellationToken);
        scheduled.Set((queue.Partition, minute), true);
    }
}

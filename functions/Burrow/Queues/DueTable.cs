using System.Collections.Concurrent;
using System.Globalization;
using Burrow.Tables;

namespace Burrow.Queues;

/// <summary>
/// In which queues something is to be done, and in which minute: expire, promote, close. A row is written before the
/// transaction that needs it, once per queue, minute and process; the timer visits the queues whose minute has come.
/// </summary>
internal sealed class DueTable(QueueContext context)
{
    /// <summary>Partitions, so that one is not what bounds the whole service.</summary>
    public const int Partitions = 16;

    /// <summary>How long after its minute the timer may delete a row, and until when it may be relied upon before that.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    /// <inheritdoc cref="Kept"/>
    private static readonly TimeSpan Trusted = TimeSpan.FromMinutes(2);

    private const int MostKnown = 200_000;

    private readonly ConcurrentDictionary<(string Partition, long Minute), bool> known = new();

    /// <summary>Makes sure that the timer visits a queue at those instants. The transaction that needs it must follow at once.</summary>
    public async Task EnsureAsync(QueueAddress queue, IEnumerable<long> instants, CancellationToken cancellationToken)
    {
        var now = context.Now;
        List<Task>? writes = null;
        HashSet<long>? minutes = null;
        foreach (var instant in instants)
        {
            var minute = MinuteOf(Math.Max(instant, now));
            if (known.ContainsKey((queue.Partition, minute)) && now < InstantOf(minute) + Trusted.Ticks)
                continue;
            if ((minutes ??= []).Add(minute))
                (writes ??= []).Add(WriteAsync(queue, minute, cancellationToken));
        }

        if (writes is not null)
            await Task.WhenAll(writes);
    }

    /// <summary>The rows of one of the <see cref="Partitions"/> whose minute has come, oldest first, a page at a time.</summary>
    public async Task<(IReadOnlyList<DueRow> Rows, string? Continuation)> ReadAsync(
        int partition, string? continuation, CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.First, $"{MinuteOf(context.Now) + 1:x8}") { Continuation = continuation };
        var page = await context.Due.QueryAsync(PartitionKey(partition), query, cancellationToken);
        return ([.. page.Rows.Select(DueRow.From)], page.Continuation);
    }

    /// <summary>Deletes a row after a visit that left nothing, if it is old enough and nobody wrote it since.</summary>
    public async Task RetireAsync(DueRow row, CancellationToken cancellationToken)
    {
        if (context.Now >= InstantOf(row.Minute) + Kept.Ticks)
            await context.Due.SubmitAsync(PartitionOf(row.Queue), [Operation.Delete(row.Key, row.ETag)], cancellationToken);
    }

    private static long MinuteOf(long instant) => instant / TimeSpan.TicksPerMinute;

    private static long InstantOf(long minute) => minute * TimeSpan.TicksPerMinute;

    private static string PartitionKey(int number) => $"due-{number:x1}";

    private static string PartitionOf(QueueAddress queue) => PartitionKey(queue.Partition[0] % Partitions);

    private async Task WriteAsync(QueueAddress queue, long minute, CancellationToken cancellationToken)
    {
        var columns = new Columns { { "account", queue.Account.Value }, { "queue", queue.Queue.Value } };
        await context.Due.SubmitAsync(
            PartitionOf(queue), [Operation.Upsert(DueRow.KeyOf(minute, queue), columns)], cancellationToken);
        if (known.Count >= MostKnown)
            known.Clear();
        known[(queue.Partition, minute)] = true;
    }
}

/// <summary>A queue to be visited in a minute (since year 1).</summary>
internal sealed record DueRow(string Key, string ETag, long Minute, QueueAddress Queue)
{
    public static string KeyOf(long minute, QueueAddress queue) => $"{minute:x8}!{queue.Partition}";

    public static DueRow From(Row row) => new(
        row.Key,
        row.ETag,
        long.Parse(row.Key.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        new QueueAddress(new(row.Columns.Text("account")!), new(row.Columns.Text("queue")!)));
}

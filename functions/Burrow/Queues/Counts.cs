using System.Collections.Concurrent;
using Burrow.Tables;

namespace Burrow.Queues;

/// <summary>
/// How much there is in queues: table <c>counts</c>, a partition per account (that of <see cref="DirectoryKeys.Queues"/>), a row per
/// queue. No request waits for it: what a process puts and removes it sums up, and adds it to the rows every
/// <see cref="Limits.CountsInterval"/>. So the rows lack what happened since, and what a process that was killed had not written;
/// the timer counts anew what it visits.
/// </summary>
internal sealed class Counts(QueueContext context, DueTable due)
{
    public const string TableName = "counts";

    private const int Tries = 5;

    /// <summary>Accounts looked after at a time.</summary>
    private const int SideBySide = 8;

    private static readonly string[] Counted = ["length"];

    private readonly ITable table = context.NewTable(TableName);
    private readonly ConcurrentDictionary<AccountName, AccountCounts> accounts = new();

    /// <summary>Notes what was done.</summary>
    public void Add(QueueAddress queue, Count count)
    {
        if (count == Count.None)
            return;
        while (!accounts.GetOrAdd(queue.Account, _ => new()).TryAdd(queue.Queue, count))
        {
            // It was let go just now; there is another.
        }
    }

    /// <summary>How much an account stores: as the rows said <see cref="Limits.UsageFreshness"/> ago at the latest, and all that this process did since.</summary>
    public async ValueTask<Usage> UsageAsync(AccountName account, CancellationToken cancellationToken)
    {
        var counts = accounts.GetOrAdd(account, _ => new());
        if (counts.Usage(context.Time) is { } usage)
            return usage;
        var readAt = context.Time.GetTimestamp();
        var rows = await table.QueryAllAsync(
            DirectoryKeys.Queues(account), new RowQuery(QueueKeys.First, QueueKeys.End) { Select = ["name", "messages", "bytes"] }, cancellationToken);
        return counts.Know(rows.Select(row => (new QueueName(row.Columns.Text("name")!), Count.From(row.Columns))), readAt);
    }

    /// <summary>Whether a queue of an account whose usage is known holds a message.</summary>
    public bool Holds(QueueAddress queue) => accounts.TryGetValue(queue.Account, out var counts) && counts.Holds(queue.Queue);

    /// <summary>Writes down what was done since.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (var some in accounts.Chunk(SideBySide))
            await Task.WhenAll(some.Select(entry => FlushAsync(entry.Key, entry.Value, cancellationToken)));
    }

    /// <summary>
    /// Counts what a queue holds, and corrects its row. What is large is counted the more seldom: a page of rows is read once a minute
    /// at most, on average. What others do meanwhile may be counted twice or not at all, until the next time.
    /// </summary>
    public async Task RecountAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var (partition, key) = (DirectoryKeys.Queues(queue.Account), DirectoryKeys.Row(queue.Queue.Value));
        var begun = context.Now;
        var row = await table.GetAsync(partition, key, cancellationToken);
        var known = row is null ? Count.None : Count.From(row.Columns);
        var pages = known.Messages / TableLimits.PageRows;
        if (pages > 0 && begun < row!.Columns.Number("recounted") + (pages * TimeSpan.TicksPerMinute))
            return;

        // All of it is in what is counted now.
        if (accounts.TryGetValue(queue.Account, out var counts))
            counts.ForgetStored(queue.Queue);
        var (messages, bytes) = (0L, 0L);
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Select = Counted };
        RowPage page;
        do
        {
            if (isTimeUp())
                return;
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            messages += page.Rows.Count;
            bytes += page.Rows.Sum(one => one.Columns.Number("length"));
            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);

        var found = known with { Messages = messages, Bytes = bytes };
        if (found == known && pages == 0)
            return;
        var columns = found.ToColumns(queue.Queue, begun);
        // Refused, as others wrote meanwhile: next time.
        await table.SubmitAsync(
            partition, [row is null ? Operation.Insert(key, columns) : Operation.Replace(key, columns, row.ETag)], cancellationToken);
    }

    /// <summary>Forgets a queue that is no more.</summary>
    public async Task ForgetAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (accounts.TryGetValue(queue.Account, out var counts))
            counts.Forget(queue.Queue);
        var partition = DirectoryKeys.Queues(queue.Account);
        if (await table.GetAsync(partition, DirectoryKeys.Row(queue.Queue.Value), cancellationToken) is { } row)
            await table.SubmitAsync(partition, [Operation.Delete(row.Key, row.ETag)], cancellationToken);
    }

    private async Task FlushAsync(AccountName account, AccountCounts counts, CancellationToken cancellationToken)
    {
        foreach (var some in counts.Take().Chunk(TableLimits.TransactionOperations))
        {
            if (await WriteAsync(account, some, cancellationToken))
                continue;
            foreach (var (queue, count) in some)
                counts.TryAdd(queue, count);
        }

        if (counts.Close(context.Time))
            accounts.TryRemove(KeyValuePair.Create(account, counts));
    }

    /// <returns>False if it surely wasn't written. What may have been is not written again.</returns>
    private async Task<bool> WriteAsync(AccountName account, KeyValuePair<QueueName, Count>[] some, CancellationToken cancellationToken)
    {
        var partition = DirectoryKeys.Queues(account);
        for (var tries = 0; tries < Tries; tries++)
        {
            Row?[] rows;
            try
            {
                rows = await Task.WhenAll(some.Select(one => table.GetAsync(partition, DirectoryKeys.Row(one.Key.Value), cancellationToken)));
                // A new row needs somebody to remove it: the queue may be no more.
                foreach (var (one, row) in some.Zip(rows))
                {
                    if (row is null)
                        await due.EnsureAsync(new(account, one.Key), [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
                }
            }
            catch (Exception e) when (e is TableUnavailableException or OperationCanceledException)
            {
                return false;
            }

            try
            {
                var result = await table.SubmitAsync(partition, [.. some.Zip(rows, Added)], CancellationToken.None);
                if (result.Committed || result.Uncertain)
                    return true;
            }
            catch (TableUnavailableException)
            {
                return true;
            }

            await context.BackOffAsync(tries, CancellationToken.None);
        }

        return false;

        static Operation Added(KeyValuePair<QueueName, Count> one, Row? row)
        {
            var (queue, count) = one;
            return row is null
                ? Operation.Insert(DirectoryKeys.Row(queue.Value), count.ToColumns(queue, 0))
                : Operation.Replace(row.Key, (Count.From(row.Columns) + count).ToColumns(queue, row.Columns.Number("recounted")), row.ETag);
        }
    }

    /// <summary>What this process knows of one account.</summary>
    private sealed class AccountCounts
    {
        private readonly Lock gate = new();

        /// <summary>What was done, and isn't written yet.</summary>
        private Dictionary<QueueName, Count> pending = [];

        /// <summary>What each queue holds: as it was read, and what was done since; null: nobody asked.</summary>
        private Dictionary<QueueName, Count>? held;

        private Usage usage;
        private long readAt;
        private bool closed;

        public bool TryAdd(QueueName queue, Count count)
        {
            lock (gate)
            {
                if (closed)
                    return false;
                pending[queue] = pending.GetValueOrDefault(queue) + count;
                if (held is not null)
                    Hold(queue, count);
                return true;
            }
        }

        public Usage? Usage(TimeProvider time)
        {
            lock (gate)
                return IsKnown(time) ? usage : null;
        }

        public Usage Know(IEnumerable<(QueueName Queue, Count Count)> stored, long at)
        {
            lock (gate)
            {
                (held, usage, readAt) = ([], default, at);
                foreach (var (queue, count) in stored)
                    Hold(queue, count);
                foreach (var (queue, count) in pending)
                    Hold(queue, count);
                return usage;
            }
        }

        public bool Holds(QueueName queue)
        {
            lock (gate)
                return held?.GetValueOrDefault(queue).Messages > 0;
        }

        public Dictionary<QueueName, Count> Take()
        {
            lock (gate)
            {
                var taken = pending;
                pending = [];
                return taken;
            }
        }

        public void ForgetStored(QueueName queue)
        {
            lock (gate)
            {
                if (pending.TryGetValue(queue, out var count))
                    pending[queue] = count with { Messages = 0, Bytes = 0 };
            }
        }

        public void Forget(QueueName queue)
        {
            lock (gate)
                pending.Remove(queue);
        }

        /// <summary>Whether nothing is lost by forgetting it; then nothing may be added any more.</summary>
        public bool Close(TimeProvider time)
        {
            lock (gate)
                return closed = pending.Count == 0 && !IsKnown(time);
        }

        private bool IsKnown(TimeProvider time) => held is not null && time.GetElapsedTime(readAt) < Limits.UsageFreshness;

        private void Hold(QueueName queue, Count count)
        {
            var before = held!.GetValueOrDefault(queue);
            var after = before + count;
            held![queue] = after;
            usage = new(
                usage.Messages + Math.Max(0, after.Messages) - Math.Max(0, before.Messages),
                usage.Bytes + Math.Max(0, after.Bytes) - Math.Max(0, before.Bytes),
                usage.Queues + (after.Messages > 0 ? 1 : 0) - (before.Messages > 0 ? 1 : 0));
        }
    }
}

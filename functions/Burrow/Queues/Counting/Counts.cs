using System.Collections.Concurrent;
using System.Globalization;
using Burrow.Queues.Directory;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Counting;

/// <summary>
/// How much there is in queues: table <c>counts</c>, a partition per account (that of <see cref="DirectoryKeys.Queues"/>), a row per
/// queue. What a process puts and removes it sums up, and adds it to the rows every <see cref="Limits.CountsInterval"/>. So the
/// rows lack what happened since, and what a process that was killed had not written; the timer counts anew what it visits.
/// Nothing here is worth waiting for: where the table doesn't answer, it is tried again the next time.
/// </summary>
internal sealed class Counts(QueueContext context, DueTable due)
{
    public const string TableName = "counts";

    private const int Tries = 5;

    /// <summary>Accounts looked after at a time.</summary>
    private const int MaxParallelism = 8;

    /// <summary>Pages that are read to count a queue; what is longer isn't.</summary>
    private const int MaxPages = 20;

    private static readonly string[] Counted = ["length"];

    private readonly ITable table = context.OpenWithoutRetries(TableName);
    private readonly ConcurrentDictionary<AccountName, AccountCounts> accounts = new();

    /// <summary>What this process does to which queue.</summary>
    public BusyQueues Busy { get; } = new();

    /// <summary>Notes what was done.</summary>
    public void Add(QueueAddress queue, QueueCounts count)
    {
        if (count == QueueCounts.None)
            return;
        Busy.Record(queue, count);
        Tell("inserted", count.Inserted);
        Tell("claimed", count.Claimed);
        Tell("deleted", count.Deleted);
        Tell("expired", count.Expired);
        while (!accounts.GetOrAdd(queue.Account, _ => new()).TryAdd(queue.Queue, count))
        {
            // It was let go just now; there is another.
        }
    }

    /// <summary>
    /// How much a queue's account stores, and whether the queue holds anything: as the rows said at the last look, and what this
    /// process did since. After <see cref="Limits.UsageFreshness"/> it looks again, in the background; only the first look is waited for.
    /// </summary>
    public async ValueTask<(AccountUsage Account, bool Holds)> UsageAsync(QueueAddress queue)
    {
        AccountCounts counts;
        do
            counts = accounts.GetOrAdd(queue.Account, _ => new());
        while (!counts.TryLook(context.Time));
        if (counts.BeginReading(context.Time, () => ReadAsync(queue.Account, counts)) is { } reading && !counts.IsKnown)
            await reading;
        return counts.UsageOf(queue.Queue);
    }

    /// <summary>What is known of a queue: written down by all, and done by this process since; null if nothing is.</summary>
    public async Task<QueueCounts?> FindAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        // Before the row is read: what is written in between is counted twice for a moment, rather than not at all.
        var own = accounts.TryGetValue(queue.Account, out var counts) ? counts.Unwritten.GetValueOrDefault(queue.Queue) : QueueCounts.None;
        var row = await table.GetAsync(DirectoryKeys.Queues(queue.Account), DirectoryKeys.Row(queue.Queue.Value), cancellationToken);
        return row is null && own == QueueCounts.None ? null : own + (row is null ? QueueCounts.None : QueueCounts.From(row.Columns));
    }

    /// <summary>The same of all queues of an account of which anything is known, in no order.</summary>
    public async Task<IReadOnlyList<(QueueName Queue, QueueCounts Count)>> FindAllAsync(AccountName account, CancellationToken cancellationToken)
    {
        var all = accounts.TryGetValue(account, out var counts) ? counts.Unwritten : [];
        foreach (var row in await table.QueryAllAsync(DirectoryKeys.Queues(account), new(QueueKeys.First, QueueKeys.End), cancellationToken))
        {
            var queue = new QueueName(row.Columns.GetString("name")!);
            all[queue] = all.GetValueOrDefault(queue) + QueueCounts.From(row.Columns);
        }

        return [.. all.Where(one => one.Value != QueueCounts.None).Select(one => (one.Key, one.Value))];
    }

    /// <summary>Writes down what was done since.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        // In one order, so that the simulation runs the same each time.
        var waiting = new ConcurrentQueue<KeyValuePair<AccountName, AccountCounts>>(accounts.OrderBy(entry => entry.Key.Value, StringComparer.Ordinal));
        await Task.WhenAll(Enumerable.Range(0, MaxParallelism).Select(async _ =>
        {
            while (waiting.TryDequeue(out var entry))
                await FlushAsync(entry.Key, entry.Value, cancellationToken);
        }));
    }

    /// <summary>
    /// Counts what a queue holds, and corrects its row. What is long is counted the more seldom, a page of rows a minute on average,
    /// and what is longer than <see cref="MaxPages"/> not at all. Where the row was wrong it is counted once more: what others had not
    /// written down then, they add afterwards.
    /// </summary>
    public async Task RecountAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var (partition, key) = (DirectoryKeys.Queues(queue.Account), DirectoryKeys.Row(queue.Queue.Value));
        var now = context.Now;
        var row = await table.GetAsync(partition, key, cancellationToken);
        var before = row is null ? QueueCounts.None : QueueCounts.From(row.Columns);
        if (row is not null && now < row.Columns.GetInteger("recount"))
            return;

        // What of our own is in what is counted now; it stays ours until that is written.
        accounts.TryGetValue(queue.Account, out var counts);
        var own = counts?.PendingOf(queue.Queue) ?? QueueCounts.None;
        var (messages, bytes, pages) = (0L, 0L, 0);
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Select = Counted };
        RowPage page;
        do
        {
            if (isTimeUp())
                return;
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            pages++;
            messages += page.Rows.Count;
            bytes += page.Rows.Sum(one => one.Columns.GetInteger("length"));
            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null && pages < MaxPages);

        var isCounted = page.Continuation is null;
        var found = isCounted ? before with { Messages = messages, Bytes = bytes } : before;
        if (found == before && pages == 1)
        {
            counts?.Written(queue.Queue, Stored(own));
            return;
        }

        if (found != before)
            await due.ScheduleAsync(queue, [now + ((pages + 1) * TimeSpan.TicksPerMinute)], cancellationToken);
        for (var tries = 0; tries < Tries; tries++)
        {
            // What others added in the meantime was done before or after it was counted, nobody knows; as much may be missing as is too much.
            var added = (row is null ? QueueCounts.None : QueueCounts.From(row.Columns)) - before;
            var columns = (found + added).ToColumns(queue.Queue, pages == 1 ? 0 : now + (pages * TimeSpan.TicksPerMinute), "");
            var result = await table.SubmitAsync(
                partition, [row is null ? Operation.Insert(key, columns) : Operation.Replace(key, columns, row.ETag)], cancellationToken);
            if (result.Committed)
            {
                if (isCounted)
                    counts?.Written(queue.Queue, Stored(own));
                return;
            }

            row = await table.GetAsync(partition, key, cancellationToken);
        }
    }

    private static void Tell(string change, long messages)
    {
        if (messages > 0)
            Instruments.Messages.Add(messages, new KeyValuePair<string, object?>("burrow.change", change));
    }

    private static QueueCounts Stored(QueueCounts count) => QueueCounts.None with { Messages = count.Messages, Bytes = count.Bytes };

    /// <summary>Forgets a queue that is no more.</summary>
    /// <returns>Whether that is done.</returns>
    public async Task<bool> ForgetAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (accounts.TryGetValue(queue.Account, out var counts))
            counts.Forget(queue.Queue);
        var partition = DirectoryKeys.Queues(queue.Account);
        try
        {
            return await table.GetAsync(partition, DirectoryKeys.Row(queue.Queue.Value), cancellationToken) is not { } row
                || (await table.SubmitAsync(partition, [Operation.Delete(row.Key, row.ETag)], cancellationToken)).Committed;
        }
        catch (TableUnavailableException)
        {
            return false;
        }
    }

    private async Task ReadAsync(AccountName account, AccountCounts counts)
    {
        try
        {
            // Queues that are empty have rows for a while.
            var query = new RowQuery(QueueKeys.First, QueueKeys.End) { Select = ["name", "messages", "bytes"], Above = ("messages", 0) };
            var rows = await table.QueryAllAsync(DirectoryKeys.Queues(account), query, CancellationToken.None);
            counts.Know(rows.Select(row => (new QueueName(row.Columns.GetString("name")!), QueueCounts.From(row.Columns))), context.Time);
        }
        catch (Exception e)
        {
            // Nobody is kept from putting because of that.
            context.Logger.BackgroundFailed(e.Message);
            counts.GiveUp(context.Time);
        }
    }

    private async Task FlushAsync(AccountName account, AccountCounts counts, CancellationToken cancellationToken)
    {
        foreach (var some in counts.Take().Chunk(TableLimits.TransactionOperations))
        {
            var written = false;
            try
            {
                written = await WriteAsync(account, some, cancellationToken);
            }
            catch (Exception e)
            {
                context.Logger.BackgroundFailed(e.Message);
            }

            counts.Took(some, written);
        }

        if (counts.Close(context.Time))
            accounts.TryRemove(KeyValuePair.Create(account, counts));
    }

    /// <returns>False if it wasn't written, as far as is known.</returns>
    private async Task<bool> WriteAsync(AccountName account, KeyValuePair<QueueName, QueueCounts>[] some, CancellationToken cancellationToken)
    {
        var partition = DirectoryKeys.Queues(account);
        var by = context.Random.NextInt64().ToString("x", CultureInfo.InvariantCulture);
        for (var tries = 0; tries < Tries; tries++)
        {
            var rows = await Task.WhenAll(some.Select(one => table.GetAsync(partition, DirectoryKeys.Row(one.Key.Value), cancellationToken)));
            // A new row needs somebody to remove it: the queue may be no more.
            foreach (var (one, row) in some.Zip(rows))
            {
                if (row is null)
                    await due.ScheduleAsync(new(account, one.Key), [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
            }

            try
            {
                if ((await table.SubmitAsync(partition, [.. some.Zip(rows, Added)], CancellationToken.None)).Committed)
                    return true;
            }
            catch (TableUnavailableException)
            {
                // Written or not: whoever wrote last has signed.
                return await table.GetAsync(partition, DirectoryKeys.Row(some[0].Key.Value), cancellationToken) is { } row && row.Columns.GetString("by") == by;
            }

            await context.BackOffAsync(tries, CancellationToken.None);
        }

        return false;

        Operation Added(KeyValuePair<QueueName, QueueCounts> one, Row? row)
        {
            var (queue, count) = one;
            return row is null
                ? Operation.Insert(DirectoryKeys.Row(queue.Value), count.ToColumns(queue, 0, by))
                : Operation.Replace(row.Key, (QueueCounts.From(row.Columns) + count).ToColumns(queue, row.Columns.GetInteger("recount"), by), row.ETag);
        }
    }

    /// <summary>What this process knows of one account.</summary>
    private sealed class AccountCounts
    {
        private readonly Lock gate = new();

        /// <summary>What is being written.</summary>
        private readonly Dictionary<QueueName, QueueCounts> taken = [];

        /// <summary>What was done, and isn't written yet.</summary>
        private Dictionary<QueueName, QueueCounts> pending = [];

        /// <summary>What each queue holds: as it was read, and what was done since; null: nobody asked.</summary>
        private Dictionary<QueueName, QueueCounts>? held;

        private Task? reading;
        private AccountUsage usage;
        private long readAt;
        private long askedAt;
        private bool closed;

        /// <summary>Whether there was a look already.</summary>
        public bool IsKnown
        {
            get
            {
                lock (gate)
                    return held is not null;
            }
        }

        /// <summary>What was done that isn't written down, as far as is known.</summary>
        public Dictionary<QueueName, QueueCounts> Unwritten
        {
            get
            {
                lock (gate)
                {
                    var all = new Dictionary<QueueName, QueueCounts>(taken);
                    foreach (var (queue, count) in pending)
                        all[queue] = all.GetValueOrDefault(queue) + count;
                    return all;
                }
            }
        }

        public bool TryAdd(QueueName queue, QueueCounts count)
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

        /// <summary>False if it was let go.</summary>
        public bool TryLook(TimeProvider time)
        {
            lock (gate)
            {
                askedAt = time.GetTimestamp();
                return !closed;
            }
        }

        /// <summary>The look under way; if it is time for one, a new one; null if it isn't.</summary>
        public Task? BeginReading(TimeProvider time, Func<Task> read)
        {
            lock (gate)
            {
                if (reading is { IsCompleted: false })
                    return reading;
                if (held is not null && time.GetElapsedTime(readAt) < Limits.UsageFreshness)
                    return null;
                return reading = read();
            }
        }

        public void Know(IEnumerable<(QueueName Queue, QueueCounts Count)> stored, TimeProvider time)
        {
            lock (gate)
            {
                (held, usage, readAt) = ([], default, time.GetTimestamp());
                foreach (var (queue, count) in stored)
                    Hold(queue, count);
                foreach (var (queue, count) in pending.Concat(taken))
                    Hold(queue, count);
            }
        }

        /// <summary>There was no answer: what was known holds until the next look.</summary>
        public void GiveUp(TimeProvider time)
        {
            lock (gate)
            {
                held ??= [];
                readAt = time.GetTimestamp();
            }
        }

        public (AccountUsage Account, bool Holds) UsageOf(QueueName queue)
        {
            lock (gate)
                return (usage, held?.GetValueOrDefault(queue).Messages > 0);
        }

        public QueueCounts PendingOf(QueueName queue)
        {
            lock (gate)
                return pending.GetValueOrDefault(queue);
        }

        public List<KeyValuePair<QueueName, QueueCounts>> Take()
        {
            lock (gate)
            {
                foreach (var (queue, count) in pending)
                    taken[queue] = count;
                List<KeyValuePair<QueueName, QueueCounts>> all = [.. pending.OrderBy(one => one.Key.Value, StringComparer.Ordinal)];
                pending = [];
                return all;
            }
        }

        /// <summary>What became of what was taken. What isn't written is as it was before.</summary>
        public void Took(IEnumerable<KeyValuePair<QueueName, QueueCounts>> some, bool written)
        {
            lock (gate)
            {
                foreach (var (queue, count) in some)
                {
                    taken.Remove(queue);
                    if (!written)
                        pending[queue] = pending.GetValueOrDefault(queue) + count;
                }
            }
        }

        /// <summary>That much of a queue was written by other means.</summary>
        public void Written(QueueName queue, QueueCounts count)
        {
            lock (gate)
            {
                if (pending.TryGetValue(queue, out var all))
                    pending[queue] = all - count;
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
                return closed = pending.Count == 0 && taken.Count == 0 && (held is null || time.GetElapsedTime(askedAt) > Limits.UsageFreshness) && reading is not { IsCompleted: false };
        }

        private void Hold(QueueName queue, QueueCounts count)
        {
            held ??= [];
            var before = held.GetValueOrDefault(queue);
            var after = before + count;
            if (after == QueueCounts.None)
                held.Remove(queue);
            else
                held[queue] = after;
            usage = new(
                usage.Messages + Math.Max(0, after.Messages) - Math.Max(0, before.Messages),
                usage.Bytes + Math.Max(0, after.Bytes) - Math.Max(0, before.Bytes),
                usage.Queues + (after.Messages > 0 ? 1 : 0) - (before.Messages > 0 ? 1 : 0));
        }
    }
}

using System.Collections.Concurrent;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Counting;

/// <summary>
/// What this process put and removed. It adds its sums to table <c>counts</c> every <see cref="QueueLimits.CountsInterval"/>. So the
/// table lacks what every process did since, and what a killed process had not written. The timer counts the queues that it visits again.
/// </summary>
internal sealed class ProcessCounts(QueueContext context, CountTable table)
{
    /// <summary>Accounts written in parallel.</summary>
    private const int MaxParallelism = 8;

    private readonly ConcurrentDictionary<AccountName, AccountCounts> accounts = new();

    /// <summary>Which queues this process changes most.</summary>
    public BusyQueues Busy { get; } = new();

    /// <summary>Adds what was done to a queue.</summary>
    public void Add(QueueAddress queue, QueueCounts change)
    {
        if (change == QueueCounts.None)
            return;
        Busy.Record(queue, change);
        Measure("inserted", change.Inserted);
        Measure("claimed", change.Claimed);
        Measure("deleted", change.Deleted);
        Measure("expired", change.Expired);
        while (!accounts.GetOrAdd(queue.Account, _ => new()).TryAdd(queue.Queue, change))
        {
            // The account was evicted just now: the next call makes a new one.
        }
    }

    /// <summary>
    /// How much a queue's account stores, and how many messages the queue holds: the table as it was last read, and what this process
    /// did since. After <see cref="QueueLimits.UsageFreshness"/> a call has the table read again in the background. Callers wait only
    /// for the first read.
    /// </summary>
    public async ValueTask<(AccountUsage Account, long InQueue)> UsageAsync(QueueAddress queue)
    {
        AccountCounts counts;
        do
            counts = accounts.GetOrAdd(queue.Account, _ => new());
        while (!counts.TryLook(context.Time));
        if (counts.BeginReading(context.Time, () => ReadAsync(queue.Account, counts)) is { } reading && !counts.IsKnown)
            await reading;
        return counts.UsageOf(queue.Queue);
    }

    /// <summary>A queue's counts: its row, and what this process has not written yet; null if there is neither.</summary>
    public async Task<QueueCounts?> FindAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        // This is before the read of the row: sums written in between are counted twice for a moment, rather than not at all.
        var own = accounts.TryGetValue(queue.Account, out var counts) ? counts.Unwritten.GetValueOrDefault(queue.Queue) : QueueCounts.None;
        var row = await table.GetAsync(queue, cancellationToken);
        return row is null && own == QueueCounts.None ? null : own + (row?.Counts ?? QueueCounts.None);
    }

    /// <summary>The same for all queues of an account that have counts, in no order.</summary>
    public async Task<IReadOnlyList<(QueueName Queue, QueueCounts Counts)>> FindAllAsync(
        AccountName account, CancellationToken cancellationToken)
    {
        var all = accounts.TryGetValue(account, out var counts) ? counts.Unwritten : [];
        foreach (var row in await table.ListAsync(account, cancellationToken))
            all[row.Queue] = all.GetValueOrDefault(row.Queue) + row.Counts;
        return [.. all.Where(one => one.Value != QueueCounts.None).Select(one => (one.Key, one.Value))];
    }

    /// <summary>Writes all sums to the table.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        // In a fixed order, so that the simulation is deterministic. ToArray copies under the locks; OrderBy alone would copy without
        // them, and throw if another thread adds an account meanwhile.
        var waiting = new ConcurrentQueue<KeyValuePair<AccountName, AccountCounts>>(
            accounts.ToArray().OrderBy(entry => entry.Key.Value, StringComparer.Ordinal));
        await Task.WhenAll(Enumerable.Range(0, MaxParallelism).Select(async _ =>
        {
            while (waiting.TryDequeue(out var entry))
                await FlushAsync(entry.Key, entry.Value, cancellationToken);
        }));
    }

    /// <summary>What this process knows of an account; null if it knows nothing.</summary>
    public AccountCounts? Find(AccountName account) => accounts.GetValueOrDefault(account);

    /// <summary>Forgets a queue that is gone, here and in the table.</summary>
    /// <returns>Whether its row is gone.</returns>
    public Task<bool> ForgetAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (accounts.TryGetValue(queue.Account, out var counts))
            counts.Forget(queue.Queue);
        return table.DeleteAsync(queue, cancellationToken);
    }

    private static void Measure(string change, long messages)
    {
        if (messages > 0)
            Instruments.Messages.Add(messages, new KeyValuePair<string, object?>("burrow.change", change));
    }

    private async Task ReadAsync(AccountName account, AccountCounts counts)
    {
        try
        {
            counts.BeginKnowing();
            var rows = await table.ListStoredAsync(account, CancellationToken.None);
            counts.Know(rows.Select(row => (row.Queue, row.Counts)), context.Time);
        }
        catch (Exception e)
        {
            // Puts continue without counts.
            context.Logger.BackgroundFailed(e.Message);
            counts.GiveUp(context.Time);
        }
    }

    private async Task FlushAsync(AccountName account, AccountCounts counts, CancellationToken cancellationToken)
    {
        foreach (var changes in counts.Take().Chunk(TableLimits.TransactionOperations))
        {
            var written = false;
            try
            {
                written = await table.AddAsync(account, changes, cancellationToken);
            }
            catch (Exception e)
            {
                context.Logger.BackgroundFailed(e.Message);
            }

            counts.Took(changes, written);
        }

        if (counts.Close(context.Time))
            accounts.TryRemove(KeyValuePair.Create(account, counts));
    }
}

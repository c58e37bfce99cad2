using System.Globalization;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;

namespace Burrow.Queues.Counting;

/// <summary>
/// Table <c>counts</c>: a partition per account, a row per queue. Each request to storage is tried once: no client waits for a write of
/// counts, and a process writes the next time what it could not write.
/// </summary>
internal sealed class CountTable(QueueContext context, DueTable due)
{
    public const string Name = "counts";

    private const int MaxTries = 5;

    private readonly ITable table = context.OpenWithoutRetries(Name);

    /// <summary>A queue's row; null if there is none.</summary>
    public async Task<CountRow?> GetAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        await GetAsync(queue.Account, queue.Queue, cancellationToken);

    /// <summary>The rows of all queues of an account, in the order of their names.</summary>
    public async Task<IReadOnlyList<CountRow>> ListAsync(AccountName account, CancellationToken cancellationToken) =>
        await ListAsync(account, new RowQuery(QueueKeys.First, QueueKeys.End), cancellationToken);

    /// <summary>How many messages and bytes the queues of an account hold, without its empty queues. Totals are left out.</summary>
    public async Task<IReadOnlyList<CountRow>> ListStoredAsync(AccountName account, CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.First, QueueKeys.End)
        {
            Select = [CountRow.NameColumn, CountRow.MessagesColumn, CountRow.BytesColumn],
            Above = (CountRow.MessagesColumn, 0),
        };
        return await ListAsync(account, query, cancellationToken);
    }

    /// <summary>Adds to the counts of up to 100 queues of an account, in one transaction.</summary>
    /// <returns>False if nothing was written, as far as is known.</returns>
    public async Task<bool> AddAsync(
        AccountName account, KeyValuePair<QueueName, QueueCounts>[] changes, CancellationToken cancellationToken)
    {
        var writer = context.Random.NextInt64().ToString("x", CultureInfo.InvariantCulture);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var rows = await Task.WhenAll(changes.Select(change => GetAsync(account, change.Key, cancellationToken)));
            foreach (var (change, row) in changes.Zip(rows))
            {
                // A new row must be removed one day, and its queue may be gone already. The timer removes the row.
                if (row is null)
                    await due.ScheduleAsync(new(account, change.Key), [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
            }

            var operations = changes.Zip(rows, (change, row) => CountRow.Write(
                row, change.Key, (row?.Counts ?? QueueCounts.None) + change.Value, row?.NextRecount ?? 0, writer));
            try
            {
                if ((await table.SubmitAsync(DirectoryKeys.Queues(account), [.. operations], CancellationToken.None)).Committed)
                    return true;
            }
            catch (TableUnavailableException)
            {
                // The outcome is unknown: the row names its last writer.
                return (await GetAsync(account, changes[0].Key, cancellationToken))?.Writer == writer;
            }

            await context.BackOffAsync(tries, CancellationToken.None);
        }

        return false;
    }

    /// <summary>Corrects a queue's row after the queue was counted. What processes added since the row was read is added again.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="read">The row as it was read before the queue was counted.</param>
    /// <param name="counted">What was counted.</param>
    /// <param name="nextRecount">The timer does not count the queue before this instant, UTC ticks.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>False if other writes were faster each time.</returns>
    public async Task<bool> CorrectAsync(
        QueueAddress queue, CountRow? read, QueueCounts counted, long nextRecount, CancellationToken cancellationToken)
    {
        var row = read;
        var before = read?.Counts ?? QueueCounts.None;
        for (var tries = 0; tries < MaxTries; tries++)
        {
            // It is unknown whether those writes came before or after the count. The result may be too large or too small by that much.
            var added = (row?.Counts ?? QueueCounts.None) - before;
            var write = CountRow.Write(row, queue.Queue, counted + added, nextRecount, writer: "");
            if ((await table.SubmitAsync(DirectoryKeys.Queues(queue.Account), [write], cancellationToken)).Committed)
                return true;
            row = await GetAsync(queue, cancellationToken);
        }

        return false;
    }

    /// <summary>Deletes a queue's row.</summary>
    /// <returns>Whether the row is gone.</returns>
    public async Task<bool> DeleteAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        try
        {
            if (await GetAsync(queue, cancellationToken) is not { } row)
                return true;
            var delete = Operation.Delete(DirectoryKeys.Row(queue.Queue.Value), row.ETag);
            return (await table.SubmitAsync(DirectoryKeys.Queues(queue.Account), [delete], cancellationToken)).Committed;
        }
        catch (TableUnavailableException)
        {
            return false;
        }
    }

    private async Task<CountRow?> GetAsync(AccountName account, QueueName queue, CancellationToken cancellationToken) =>
        await table.GetAsync(DirectoryKeys.Queues(account), DirectoryKeys.Row(queue.Value), cancellationToken) is { } row
            ? CountRow.From(row)
            : null;

    private async Task<IReadOnlyList<CountRow>> ListAsync(AccountName account, RowQuery query, CancellationToken cancellationToken) =>
        (await table.QueryAllAsync(DirectoryKeys.Queues(account), query, cancellationToken)).ConvertAll(CountRow.From);
}

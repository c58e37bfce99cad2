using System.Runtime.CompilerServices;
using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;

namespace Burrow.Queues.Directory;

/// <summary>
/// Which accounts and queues there are. A queue's row is there before its head is open and until after it is closed, so no
/// order of events hides a queue that holds a message; listing asks each queue whether it does.
/// </summary>
internal sealed class QueueDirectory(QueueContext context, DueTable due, Counts counts)
{
    /// <summary>How many queues are asked at a time whether they hold a message.</summary>
    private const int MaxParallelism = 16;

    /// <summary>How long a closed head stays, so that whatever is put next gets a greater sequence whoever's clock it has.</summary>
    private static readonly TimeSpan ClosedHeadKept = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Puts a queue on the directory, before its head is opened under the ETag that it had before this. The queue's row first:
    /// whoever closes an account looks for such rows after he read the account's.
    /// </summary>
    public async Task RegisterAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        // Should we die before the head is open, the timer takes the row away again.
        await due.ScheduleAsync(queue, [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
        await WriteAsync(DirectoryKeys.Queues(queue.Account), queue.Queue.Value, cancellationToken);
        await WriteAsync(DirectoryKeys.Accounts, queue.Account.Value, cancellationToken);
    }

    /// <summary>
    /// Takes a queue off the directory if it holds no message, live or expired; once it has been off for long enough, deletes
    /// its head. Safe at any time, any number of times at once.
    /// </summary>
    /// <returns>Whether nothing is left to do for it now.</returns>
    public async Task<bool> CloseAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var queues = DirectoryKeys.Queues(queue.Account);
        // In this order, each with its ETag: what is written in between by a put makes our own write fail.
        var row = await context.Directory.GetAsync(queues, DirectoryKeys.Row(queue.Queue.Value), cancellationToken);
        var head = await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken);
        if (await HoldsRowAsync(context.Messages, queue.Partition, new(QueueKeys.HiddenFrom, QueueKeys.End), cancellationToken))
            return true;
        if (row is null && !head.IsOpen)
        {
            // Whoever took the queue off may not have come as far as the account.
            return await CloseAsync(queue.Account, cancellationToken) && await DeleteHeadAsync(queue, head, cancellationToken);
        }

        // The timer comes once more for the head.
        await due.ScheduleAsync(queue, [context.Now + (ClosedHeadKept + TimeSpan.FromMinutes(1)).Ticks], cancellationToken);
        var closed = head.Next(new(Math.Max(head.Last.Value, head.ETag is null ? context.Now : 0)), open: false, context.Random);
        var closing = await context.Messages.SubmitAsync(queue.Partition, [closed.Write()], cancellationToken);
        if (!closing.Committed)
            return false;
        if (row is not null)
            await context.Directory.SubmitAsync(queues, [Operation.Delete(row.Key, row.ETag)], cancellationToken);
        return await CloseAsync(queue.Account, cancellationToken);
    }

    /// <summary>Takes an account off the directory if it has no queue on it.</summary>
    private async Task<bool> CloseAsync(AccountName account, CancellationToken cancellationToken)
    {
        if (await context.Directory.GetAsync(DirectoryKeys.Accounts, DirectoryKeys.Row(account.Value), cancellationToken) is not { } row)
            return true;
        if (await HoldsRowAsync(context.Directory, DirectoryKeys.Queues(account), new(QueueKeys.First, QueueKeys.End), cancellationToken))
            return true;
        var result = await context.Directory.SubmitAsync(DirectoryKeys.Accounts, [Operation.Delete(row.Key, row.ETag)], cancellationToken);
        return result.Committed;
    }

    /// <summary>The accounts that hold a queue.</summary>
    public Task<NameList> AccountsAsync(NameSelection selection, CancellationToken cancellationToken) =>
        ListAsync(DirectoryKeys.Accounts, name => HoldsQueueAsync(new(name), cancellationToken), selection, cancellationToken);

    /// <summary>The queues of an account that hold a message, hidden ones too.</summary>
    public Task<NameList> QueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) => ListAsync(
        DirectoryKeys.Queues(account),
        name => HoldsMessageAsync(new(account, new(name)), cancellationToken),
        selection,
        cancellationToken);

    private async Task<NameList> ListAsync(
        string partition, Func<string, Task<bool>> exists, NameSelection selection, CancellationToken cancellationToken)
    {
        var after = selection.Marker is { } marker
            && selection.Matches(marker)
            && await context.Directory.GetAsync(partition, DirectoryKeys.Row(marker), cancellationToken) is not null
            && await exists(marker) ? marker : null;
        var most = Math.Min(selection.Limit ?? Limits.AnswerItems, Limits.AnswerItems);
        var names = new List<string>();
        await foreach (var some in NamesAsync(partition, after, cancellationToken).Where(selection.Matches).Chunk(Math.Min(MaxParallelism, most + 1)))
        {
            var found = await Task.WhenAll(some.Select(exists));
            names.AddRange(some.Where((_, i) => found[i]));
            if (names.Count > most)
                return new(names[..most], More: selection.Limit is null || selection.Limit > most);
        }

        return new(names, More: false);
    }

    /// <summary>All names on the directory after that one, in order, whether they still hold something or not.</summary>
    private async IAsyncEnumerable<string> NamesAsync(
        string partition, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(after is null ? QueueKeys.First : DirectoryKeys.From(after), QueueKeys.End);
        // Long names that begin alike share a key's beginning and stand there by hash; they are sorted before they are shown.
        var alike = new List<string>();
        RowPage page;
        do
        {
            page = await context.Directory.QueryAsync(partition, query, cancellationToken);
            foreach (var name in page.Rows.Select(row => row.Columns.GetString("name")!))
            {
                if (alike.Count > 0 && DirectoryKeys.From(alike[0]) != DirectoryKeys.From(name))
                {
                    foreach (var sorted in Sorted(alike, after))
                        yield return sorted;
                    alike.Clear();
                }

                alike.Add(name);
            }

            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);

        foreach (var sorted in Sorted(alike, after))
            yield return sorted;
    }

    private static IEnumerable<string> Sorted(List<string> names, string? after) =>
        names.Where(name => after is null || Name.ByCodePoint.Compare(name, after) > 0).Order(Name.ByCodePoint);

    private async Task<bool> HoldsQueueAsync(AccountName account, CancellationToken cancellationToken) =>
        (await QueuesAsync(account, new(null, 1), cancellationToken)).Names.Count > 0;

    /// <summary>Rows by id never move, so none slips by.</summary>
    private async Task<bool> HoldsMessageAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        while (true)
        {
            var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Above = (MessageState.ExpiresColumn, context.Now) };
            if (await FirstRowAsync(context.Messages, queue.Partition, query, cancellationToken) is not { } row)
                return false;
            // If it expired while it was read, there may be others.
            if (row.Columns.GetInteger(MessageState.ExpiresColumn) > context.Now)
                return true;
        }
    }

    private static async Task<bool> HoldsRowAsync(ITable table, string partition, RowQuery query, CancellationToken cancellationToken) =>
        await FirstRowAsync(table, partition, query, cancellationToken) is not null;

    private static async Task<Row?> FirstRowAsync(ITable table, string partition, RowQuery query, CancellationToken cancellationToken)
    {
        query = query with { Top = 1, Select = [MessageState.ExpiresColumn] };
        var (rows, _) = await table.QueryFirstAsync(partition, query, cancellationToken);
        return rows.FirstOrDefault();
    }

    private async Task<bool> DeleteHeadAsync(QueueAddress queue, QueueHead head, CancellationToken cancellationToken)
    {
        if (head.ETag is not { } etag)
            return await counts.ForgetAsync(queue, cancellationToken);
        if (context.Now < head.Last.Value + ClosedHeadKept.Ticks)
        {
            await due.ScheduleAsync(queue, [head.Last.Value + (ClosedHeadKept + TimeSpan.FromMinutes(1)).Ticks], cancellationToken);
            return true;
        }

        // First, as nobody comes here again once the head is gone.
        if (!await counts.ForgetAsync(queue, cancellationToken))
            return false;
        var result = await context.Messages.SubmitAsync(
            queue.Partition, [Operation.Delete(QueueKeys.Head, etag)], cancellationToken);
        return result.Committed;
    }

    private Task WriteAsync(string partition, string name, CancellationToken cancellationToken) => context.Directory.SubmitAsync(
        partition, [Operation.Upsert(DirectoryKeys.Row(name), new Columns { { "name", name } })], cancellationToken);
}

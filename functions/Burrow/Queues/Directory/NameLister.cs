using System.Runtime.CompilerServices;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Directory;

/// <summary>Lists accounts and queues: those in the directory that hold a message now.</summary>
internal sealed class NameLister(QueueContext context)
{
    /// <summary>Queues read in parallel.</summary>
    private const int MaxParallelism = 16;

    /// <summary>The accounts that hold a queue.</summary>
    public Task<NameList> AccountsAsync(NameSelection selection, CancellationToken cancellationToken) =>
        ListAsync(DirectoryKeys.Accounts, name => HoldsQueueAsync(new(name), cancellationToken), selection, cancellationToken);

    /// <summary>The queues of an account that hold a dead message.</summary>
    public Task<NameList> DeadQueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) => ListAsync(
        DirectoryKeys.Queues(account),
        name => HoldsAsync(new(account, new(name)), QueueKeys.DeadFrom, QueueKeys.DeadBefore, cancellationToken),
        selection,
        cancellationToken);

    /// <summary>The queues of an account that hold a message, hidden or not, or a dead one.</summary>
    public Task<NameList> QueuesAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken) => ListAsync(
        DirectoryKeys.Queues(account),
        name => HoldsMessageAsync(new(account, new(name)), cancellationToken),
        selection,
        cancellationToken);

    /// <summary>All queues of an account that are in the directory, also empty ones.</summary>
    public IAsyncEnumerable<QueueAddress> AllQueuesAsync(AccountName account, CancellationToken cancellationToken) =>
        NamesAsync(DirectoryKeys.Queues(account), null, cancellationToken).Select(name => new QueueAddress(account, new(name)));

    private async Task<NameList> ListAsync(
        string partition, Func<string, Task<bool>> exists, NameSelection selection, CancellationToken cancellationToken)
    {
        var after = selection.Marker is { } marker
            && selection.Matches(marker)
            && await context.Directory.GetAsync(partition, DirectoryKeys.Row(marker), cancellationToken) is not null
            && await exists(marker) ? marker : null;
        var max = Math.Min(selection.Limit ?? QueueLimits.AnswerItems, QueueLimits.AnswerItems);
        var names = new List<string>();
        var chunks = NamesAsync(partition, after, cancellationToken).Where(selection.Matches).Chunk(Math.Min(MaxParallelism, max + 1));
        await foreach (var chunk in chunks)
        {
            var found = await Task.WhenAll(chunk.Select(exists));
            names.AddRange(chunk.Where((_, i) => found[i]));
            if (names.Count > max)
                return new(names[..max], More: selection.Limit is null || selection.Limit > max);
        }

        return new(names, More: false);
    }

    /// <summary>All names in the directory after a name, in order, also those of empty queues and accounts.</summary>
    private async IAsyncEnumerable<string> NamesAsync(
        string partition, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(after is null ? QueueKeys.First : DirectoryKeys.From(after), QueueKeys.End);
        // Long names with the same beginning share the beginning of their keys. Storage orders them by hash, so they are sorted here.
        var alike = new List<string>();
        await foreach (var page in context.Directory.QueryPagesAsync(partition, query, cancellationToken))
        {
            foreach (var name in page.Rows.Select(row => row.Columns.GetString(DirectoryKeys.NameColumn)!))
            {
                if (alike.Count > 0 && DirectoryKeys.From(alike[0]) != DirectoryKeys.From(name))
                {
                    foreach (var sorted in Sort(alike, after))
                        yield return sorted;
                    alike.Clear();
                }

                alike.Add(name);
            }
        }

        foreach (var sorted in Sort(alike, after))
            yield return sorted;
    }

    private static IEnumerable<string> Sort(List<string> names, string? after) =>
        names.Where(name => after is null || Name.ByCodePoint.Compare(name, after) > 0).Order(Name.ByCodePoint);

    private async Task<bool> HoldsQueueAsync(AccountName account, CancellationToken cancellationToken) =>
        (await QueuesAsync(account, new(null, 1), cancellationToken)).Names.Count > 0;

    /// <summary>Reads rows by id: they never move, so no message is missed.</summary>
    private Task<bool> HoldsMessageAsync(QueueAddress queue, CancellationToken cancellationToken) =>
        HoldsAsync(queue, QueueKeys.IndexFrom, QueueKeys.IndexBefore, cancellationToken);

    private async Task<bool> HoldsAsync(QueueAddress queue, string from, string before, CancellationToken cancellationToken)
    {
        while (true)
        {
            var query = new RowQuery(from, before) { Above = (MessageColumns.ExpiresAt, context.Now) };
            if (await context.Messages.FirstRowAsync(queue.Partition, query, cancellationToken) is not { } row)
                return false;
            // If this message's time ended during the read, there may be others.
            if (row.Columns.GetInteger(MessageColumns.ExpiresAt) > context.Now)
                return true;
        }
    }
}

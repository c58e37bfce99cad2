using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;

namespace Burrow.Queues.Directory;

/// <summary>
/// Registers queues and accounts in the directory, and removes empty ones. A queue's row exists from before its head is open until
/// after its head is closed. So no order of events hides a queue that holds a message (docs/design/directory.md).
/// </summary>
internal sealed class QueueRegistry(QueueContext context, DueTable due, ProcessCounts counts)
{
    /// <summary>How long a closed head stays. So the next put gets a greater sequence, whichever process's clock it uses.</summary>
    private static readonly TimeSpan ClosedHeadKept = TimeSpan.FromMinutes(10);

    /// <summary>Whether a relay remembers a number of the queue: the head goes on from its last one then.</summary>
    public Func<QueueAddress, CancellationToken, ValueTask<bool>> IsRemembered { get; set; } = (_, _) => new(false);

    /// <summary>
    /// Registers a queue, before its head is opened under the ETag that it had before this call. The queue's row is written first:
    /// a process that closes an account reads the account's row and then looks for rows of queues.
    /// </summary>
    public async Task RegisterAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        // If this process dies before the head is open, the timer removes the row again.
        await due.ScheduleAsync(queue, [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
        await WriteAsync(DirectoryKeys.Queues(queue.Account), queue.Queue.Value, cancellationToken);
        await WriteAsync(DirectoryKeys.Accounts, queue.Account.Value, cancellationToken);
    }

    /// <summary>
    /// Removes a queue from the directory if it holds no message, live or expired. Once it has been removed for long enough, deletes
    /// its head. Safe at any time, and several times at once.
    /// </summary>
    /// <returns>Whether no work is left now.</returns>
    public async Task<bool> CloseAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var queues = DirectoryKeys.Queues(queue.Account);
        // The two rows are read in this order, each with its ETag: a put that writes in between makes one of the writes below fail.
        var row = await context.Directory.GetAsync(queues, DirectoryKeys.Row(queue.Queue.Value), cancellationToken);
        var head = await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken);
        if (await context.Messages.HoldsRowAsync(queue.Partition, new(QueueKeys.IndexFrom, QueueKeys.IndexBefore), cancellationToken))
            return true;
        if (row is null && !head.IsOpen)
        {
            // The process that removed the queue may have died before it removed the account.
            return await CloseAsync(queue.Account, cancellationToken) && await DeleteHeadAsync(queue, head, cancellationToken);
        }

        // The timer visits once more, to delete the head.
        await due.ScheduleAsync(queue, [context.Now + (ClosedHeadKept + TimeSpan.FromMinutes(1)).Ticks], cancellationToken);
        var closed = head.Next(new(Math.Max(head.Last.Value, head.ETag is null ? context.Now : 0)), open: false, context.Random);
        var closing = await context.Messages.SubmitAsync(queue.Partition, [closed.Write()], cancellationToken);
        if (!closing.Committed)
            return false;
        if (row is not null)
            await context.Directory.SubmitAsync(queues, [Operation.Delete(row.Key, row.ETag)], cancellationToken);
        return await CloseAsync(queue.Account, cancellationToken);
    }

    /// <summary>Removes an account from the directory if it has no queue there.</summary>
    private async Task<bool> CloseAsync(AccountName account, CancellationToken cancellationToken)
    {
        if (await context.Directory.GetAsync(DirectoryKeys.Accounts, DirectoryKeys.Row(account.Value), cancellationToken) is not { } row)
            return true;
        if (await context.Directory.HoldsRowAsync(DirectoryKeys.Queues(account), new(QueueKeys.First, QueueKeys.End), cancellationToken))
            return true;
        var result = await context.Directory.SubmitAsync(DirectoryKeys.Accounts, [Operation.Delete(row.Key, row.ETag)], cancellationToken);
        return result.Committed;
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

        // A reader's cursor is a place in this queue: the head goes on from its last place as long as there is a reader. The head goes
        // with producers and results, too.
        if (await context.Messages.HoldsRowAsync(queue.Partition, new(QueueKeys.ReadersFrom, QueueKeys.ReadersBefore), cancellationToken)
            || await context.Messages.HoldsRowAsync(
                queue.Partition, new(QueueKeys.ProducersFrom, QueueKeys.ResultsBefore), cancellationToken)
            || await IsRemembered(queue, cancellationToken))
        {
            return true;
        }

        // The counts are deleted first: once the head is gone, the timer does not visit this queue again.
        if (!await counts.ForgetAsync(queue, cancellationToken))
            return false;
        var result = await context.Messages.SubmitAsync(
            queue.Partition, [Operation.Delete(QueueKeys.Head, etag)], cancellationToken);
        return result.Committed;
    }

    private Task WriteAsync(string partition, string name, CancellationToken cancellationToken)
    {
        var columns = new Columns { { DirectoryKeys.NameColumn, name } };
        return context.Directory.SubmitAsync(partition, [Operation.Upsert(DirectoryKeys.Row(name), columns)], cancellationToken);
    }
}

using Burrow.Caching;
using Burrow.Queues.Changing;
using Burrow.Queues.Groups;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Sweeping;

/// <summary>
/// Looks through the groups of a queue when its policy has changed: a group may have more room, or no dead message may hold it back any
/// more. Each process that serves claims does so once for each change, in the background, and once more when all processes heed it.
/// </summary>
internal sealed class GroupSettler(QueueContext context, MessageFinder finder, Transactions transactions, BackgroundSweep background)
{
    private const int MaxQueues = 10_000;

    private readonly BoundedCache<string, Settings> seen = new(MaxQueues);

    /// <summary>Called at a claim of a queue that has groups.</summary>
    public void Look(QueueAddress queue, QueueHead head, QueuePolicy policy)
    {
        var settings = new Settings(policy.GroupConcurrency, policy.HaltsGroupOnDead, context.Time.GetTimestamp(), IsSettled: false);
        if (seen.TryGet(queue.Partition, out var known) && known.IsOf(policy))
        {
            if (known.IsSettled || context.Time.GetElapsedTime(known.SeenAt) < GroupLimits.Settled)
                return;
            settings = known with { IsSettled = true };
        }

        if (!policy.HaltsGroupOnDead || policy.GroupConcurrency != head.SettledConcurrency)
            background.Start(queue, "settle", () => SettleAsync(queue, head, policy, settings));
        else
            seen.Set(queue.Partition, settings);
    }

    private async Task SettleAsync(QueueAddress queue, QueueHead head, QueuePolicy policy, Settings settings)
    {
        var isDone = policy.HaltsGroupOnDead || await FreeAsync(queue);
        if (policy.GroupConcurrency > head.SettledConcurrency)
            isDone &= await FillAsync(queue, policy);
        if (isDone && (policy.GroupConcurrency == head.SettledConcurrency || await NoteAsync(queue, policy)))
            seen.Set(queue.Partition, settings);
    }

    /// <summary>Frees the groups that dead messages hold back.</summary>
    /// <returns>Whether all are free.</returns>
    private async Task<bool> FreeAsync(QueueAddress queue)
    {
        var isDone = true;
        var query = new RowQuery(QueueKeys.HoldersFrom, QueueKeys.HoldersBefore) { Top = TableLimits.TransactionOperations };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, CancellationToken.None))
        {
            var rows = await Task.WhenAll(page.Rows.Select(row => finder.ReadRowAsync(
                queue, new(row.Columns.GetString(MessageColumns.Id)!), MessageLife.Dead, CancellationToken.None)));
            List<MessageWrite> writes =
            [
                .. rows.OfType<MessageRow>().Where(row => row.State.HoldsGroup)
                    .Select(row => MessageWrite.Update(row, row.State with { HoldsGroup = false })),
            ];
            isDone &= (await transactions.CommitAllAsync(queue, writes, CancellationToken.None))
                .All(outcome => outcome == CommitOutcome.Done);
            if (background.IsStopping)
                return false;
        }

        return isDone;
    }

    /// <summary>Makes messages ready in every group that has room.</summary>
    /// <returns>Whether no group has room for a message that waits.</returns>
    private async Task<bool> FillAsync(QueueAddress queue, QueuePolicy policy)
    {
        var isDone = true;
        GroupRow? group = null;
        for (var from = QueueKeys.GroupsFrom; ;)
        {
            var query = new RowQuery(from, QueueKeys.GroupsBefore);
            var page = await context.Messages.QueryAsync(queue.Partition, query, CancellationToken.None);
            foreach (var row in page.Rows)
            {
                if (GroupRow.IsGroup(row))
                {
                    group = GroupRow.From(row);
                    continue;
                }

                // The first of the messages of the group that wait.
                if (group is not null && GroupPlan.HasRoom(group, policy))
                    isDone &= await transactions.PromoteAsync(queue, group.Name, CancellationToken.None);
                group = null;
            }

            if (page.Continuation is null)
                return isDone;
            if (background.IsStopping)
                return false;
            // Of a group of which many messages wait, the rest need not be read.
            from = GroupRow.IsGroup(page.Rows[^1]) ? page.Rows[^1].Key + "!" : page.Rows[^1].Key[..^16] + "~";
        }
    }

    /// <summary>Notes in the head for which concurrency the groups were looked through.</summary>
    private async Task<bool> NoteAsync(QueueAddress queue, QueuePolicy policy)
    {
        var head = await QueueHead.ReadAsync(context.Messages, queue.Partition, CancellationToken.None);
        if (!head.IsOpen || head.SettledConcurrency == policy.GroupConcurrency)
            return true;
        var next = head.Next(head.Last, open: true, context.Random) with { SettledConcurrency = policy.GroupConcurrency };
        return (await context.Messages.SubmitAsync(queue.Partition, [next.Write()], CancellationToken.None)).Committed;
    }

    /// <summary>The settings of groups that a process saw last.</summary>
    private sealed record Settings(long Concurrency, bool Halts, long SeenAt, bool IsSettled)
    {
        public bool IsOf(QueuePolicy policy) => Concurrency == policy.GroupConcurrency && Halts == policy.HaltsGroupOnDead;
    }
}

using Burrow.Caching;
using Burrow.Queues.Changing;
using Burrow.Queues.Groups;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Sweeping;

/// <summary>
/// Looks through the groups of a queue when its policy has changed: a group may have more room, or no dead message may hold it back any
/// more. Each process that serves claims does so in the background: for each change that it sees, once more when all processes heed it, and
/// each minute then.
/// </summary>
internal sealed class GroupSettler(QueueContext context, MessageFinder finder, Transactions transactions, BackgroundSweep background)
{
    private const int MaxQueues = 10_000;

    /// <summary>Groups that are filled at a time.</summary>
    private const int MaxParallelism = 16;

    private const int MaxTries = 5;

    private readonly BoundedCache<string, Settings> seen = new(MaxQueues);

    /// <summary>Called at a claim of a queue that has groups.</summary>
    public void Look(QueueAddress queue, QueueHead head, QueuePolicy policy)
    {
        var looks = 0;
        if (seen.TryGet(queue.Partition, out var known) && known.IsOf(policy))
        {
            var pause = known.Looks == 1 ? GroupLimits.SecondLook : GroupLimits.LaterLooks;
            if (context.Time.GetElapsedTime(known.At) < pause)
                return;
            looks = known.Looks;
        }

        background.Start(queue, "settle", async () =>
        {
            // What it sees from now on may be seen again only after a pause.
            var settings = new Settings(
                policy.GroupConcurrency, policy.HaltsGroupOnDead, context.Time.GetTimestamp(), Math.Min(2, looks + 1));
            if (await SettleAsync(queue, head, policy, isSecond: looks == 1))
                seen.Set(queue.Partition, settings);
        });
    }

    /// <returns>Whether nothing is left to do.</returns>
    private async Task<bool> SettleAsync(QueueAddress queue, QueueHead head, QueuePolicy policy, bool isSecond)
    {
        var isDone = policy.HaltsGroupOnDead || await FreeAsync(queue);
        // At the second look, a process may have left room meanwhile that did not heed the policy yet.
        if (policy.GroupConcurrency > head.SettledConcurrency || (isSecond && policy.GroupConcurrency > 1))
            isDone &= await FillAsync(queue, policy);
        return isDone && (policy.GroupConcurrency == head.SettledConcurrency || await NoteAsync(queue, policy));
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
        var waits = false;
        var query = new RowQuery(QueueKeys.GroupsFrom, QueueKeys.GroupsBefore);
        while (true)
        {
            var page = await context.Messages.QueryAsync(queue.Partition, query, CancellationToken.None);
            var names = new List<GroupName>();
            foreach (var row in page.Rows)
            {
                if (GroupRow.IsGroup(row))
                {
                    (group, waits) = (GroupRow.From(row), false);
                    continue;
                }

                // The first of the messages of the group that wait.
                if (!waits && group is not null && GroupPlan.HasRoom(group, policy))
                    names.Add(group.Name);
                waits = true;
            }

            foreach (var some in names.Chunk(MaxParallelism))
            {
                var filled = await Task.WhenAll(
                    some.Select(name => transactions.PromoteAsync(queue, name, CancellationToken.None)));
                isDone &= Array.TrueForAll(filled, one => one);
            }

            if (page.Continuation is null)
                return isDone;
            if (background.IsStopping)
                return false;
            // Of a group of which many messages wait, the rest need not be read.
            query = page.Rows.Count > 0 && waits && group is not null
                ? new(QueueKeys.GroupBefore(group.Name), QueueKeys.GroupsBefore)
                : query with { Continuation = page.Continuation };
        }
    }

    /// <summary>Notes in the head for which concurrency the groups were looked through.</summary>
    private async Task<bool> NoteAsync(QueueAddress queue, QueuePolicy policy)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var head = await QueueHead.ReadAsync(context.Messages, queue.Partition, CancellationToken.None);
            if (!head.IsOpen || head.SettledConcurrency == policy.GroupConcurrency)
                return true;
            var next = head.Next(head.Last, open: true, context.Random) with { SettledConcurrency = policy.GroupConcurrency };
            if ((await context.Messages.SubmitAsync(queue.Partition, [next.Write()], CancellationToken.None)).Committed)
                return true;
            await context.BackOffAsync(tries, CancellationToken.None);
        }

        return false;
    }

    /// <summary>The settings of groups that a process saw last, when, and how often it has looked through them: 1, or more often.</summary>
    private sealed record Settings(long Concurrency, bool Halts, long At, int Looks)
    {
        public bool IsOf(QueuePolicy policy) => Concurrency == policy.GroupConcurrency && Halts == policy.HaltsGroupOnDead;
    }
}

using Burrow.Queues.Counting;
using Burrow.Queues.Groups;
using Burrow.Queues.Relays;
using Burrow.Queues.Results;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Changing;

/// <summary>
/// Packs changes of messages into transactions, sends them, and finds out their outcomes. A change that makes room in a group makes the
/// next messages of the group ready, in its own transaction (docs/design/groups.md).
/// </summary>
internal sealed class Transactions(
    QueueContext context,
    DueTable due,
    ProcessCounts counts,
    IEventOutbox outbox,
    GroupPlanner groups,
    IRelayOutbox relays,
    MirrorNotes mirrors)
{
    private const int MaxResends = 2;

    /// <summary>Changes of one group take turns within this process, as each would refuse the others.</summary>
    private readonly Turns<(string Partition, string Group)> turns = new(context.Time);

    /// <summary>How often the changes of a group are planned anew at most, because others change it at the same time.</summary>
    private const int MaxGroupTries = 6;

    /// <summary>Instead of the index of a change: the condition on a row of a group failed.</summary>
    private const int FailedInGroup = -2;

    /// <summary>Instead of the index of a change: there was nothing to change.</summary>
    private const int NothingToDo = -3;

    /// <summary>Called when messages were made ready, so that requests that wait for them look again.</summary>
    public Action<QueueAddress> Promoted { get; set; } = _ => { };

    /// <summary>Called when a group may have room for messages that wait, besides those that were made ready.</summary>
    public Action<QueueAddress, GroupName> RoomLeft { get; set; } = (_, _) => { };

    /// <summary>Called when a message has ended, or runs again, whose producer wants to know.</summary>
    public Action<QueueAddress, MessageId> Ended { get; set; } = (_, _) => { };

    /// <summary>
    /// Carries out changes of messages in as few transactions as can hold them, in parallel. If another request changed a message
    /// first, that change is left out. The other changes of its transaction are sent again without it.
    /// </summary>
    /// <returns>The outcome of each change, in the order of <paramref name="changes"/>.</returns>
    public async Task<CommitOutcome[]> CommitAllAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> changes, CancellationToken cancellationToken)
    {
        var writes = await CompleteAsync(queue, changes, cancellationToken);
        var outcomes = new CommitOutcome[writes.Count];
        var all = Enumerable.Range(0, writes.Count);
        if (!writes.Any(write => write.ChangesGroup))
        {
            await CommitPacksAsync([.. all]);
            return outcomes;
        }

        // What waits is removed first: so it is not made ready before. What makes room in a group is packed by group.
        await CommitPacksAsync([.. all.Where(i => !writes[i].ChangesGroup)]);
        await CommitPacksAsync(
            [.. all.Where(i => writes[i].ChangesGroup).GroupBy(i => writes[i].Before.Group).SelectMany(group => group)]);
        return outcomes;

        async Task CommitPacksAsync(List<int> order)
        {
            var packs = new List<Task>();
            for (var from = 0; from < order.Count;)
            {
                var count = Fit(writes, order, from);
                packs.Add(CommitPackAsync(order.GetRange(from, count)));
                from += count;
            }

            await Task.WhenAll(packs);
        }

        async Task CommitPackAsync(List<int> rest)
        {
            var groupTries = 0;
            for (var refusals = 1; rest.Count > 0; refusals++)
            {
                var (outcome, failed) = await SubmitAsync(queue, [.. rest.Select(i => writes[i])], cancellationToken);
                if (failed == FailedInGroup && groupTries < MaxGroupTries)
                {
                    await context.BackOffAsync(groupTries++, CancellationToken.None);
                    refusals--;
                    continue;
                }

                if (outcome == CommitOutcome.Conflict && failed >= 0)
                {
                    outcomes[rest[failed]] = CommitOutcome.Conflict;
                    rest.RemoveAt(failed);
                    // A request that was faster with some of the messages was probably faster with the others, too.
                    if (refusals <= MaxResends)
                        continue;
                }

                foreach (var i in rest)
                    outcomes[i] = outcome == CommitOutcome.Conflict ? CommitOutcome.Aborted : outcome;
                return;
            }
        }
    }

    /// <summary>
    /// Carries out the first changes of messages that fit in one transaction, with other operations of which each must hold, too.
    /// </summary>
    /// <returns>
    /// The outcome, and how many changes it is of. If the transaction was refused, nothing is said about why: others changed one of the
    /// messages, or what the other operations are about.
    /// </returns>
    public async Task<(CommitOutcome Outcome, int Count)> CommitFirstAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> changes, IReadOnlyList<Operation> guard, CancellationToken cancellationToken)
    {
        var writes = await CompleteAsync(queue, changes, cancellationToken);
        var count = Fit(writes, [.. Enumerable.Range(0, writes.Count)], 0, guard.Count);
        var (outcome, _) = await SubmitAsync(queue, [.. writes.Take(count)], cancellationToken, guard: guard);
        return (outcome, count);
    }

    /// <summary>Carries out changes of messages in one transaction.</summary>
    /// <returns>
    /// The outcome and, if the transaction was refused, the index of the change whose condition failed; less than 0 if it is not known, or
    /// none of these.
    /// </returns>
    public async Task<(CommitOutcome Outcome, int Failed)> CommitAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> writes, CancellationToken cancellationToken) =>
        await SubmitAsync(queue, await CompleteAsync(queue, writes, cancellationToken), cancellationToken);

    /// <summary>Makes as many messages of a group ready as there is room for.</summary>
    /// <returns>False if others change the group at the same time, or storage failed.</returns>
    public async Task<bool> PromoteAsync(QueueAddress queue, GroupName group, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxGroupTries;)
        {
            switch (await SubmitAsync(queue, [], cancellationToken, group))
            {
                case (CommitOutcome.Done, NothingToDo):
                    return true;
                case (CommitOutcome.Done, _):
                    tries = 0;
                    break;
                case (CommitOutcome.Conflict, _):
                    await context.BackOffAsync(tries++, cancellationToken);
                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    /// <summary>
    /// The number of changes, from <paramref name="from"/> on, that fit in one transaction beside other operations; at least one.
    /// </summary>
    private static int Fit(IReadOnlyList<MessageWrite> writes, List<int> order, int from, int others = 0)
    {
        var (operations, bytes, count) = (others, 0L, 0);
        for (var i = from; i < order.Count; i++, count++)
        {
            var write = writes[order[i]];
            operations += write.Operations.Count;
            bytes += write.Operations.Sum(TableLimits.SizeOf);
            if (write.ChangesGroup)
            {
                operations += GroupPlanner.OperationsOf(write);
                bytes += QueueLimits.InlineBytes;
            }

            if (count > 0 && (operations > TableLimits.TransactionOperations || bytes > QueueLimits.TransactionBytes))
                break;
        }

        return count;
    }

    /// <summary>
    /// Adds what the changes mean for results and for a mirror, and the event of each death, if a subscription wants it.
    /// </summary>
    private async ValueTask<IReadOnlyList<MessageWrite>> CompleteAsync(
        QueueAddress queue, IReadOnlyList<MessageWrite> changes, CancellationToken cancellationToken)
    {
        var writes = await mirrors.CompleteAsync(queue, ResultWrites.Complete(changes, context), cancellationToken);
        if (!writes.Any(write => write.Killed is not null)
            || !(await outbox.GetKindsAsync(queue, cancellationToken)).HasFlag(EventKinds.Dead))
        {
            return writes;
        }

        return
        [
            .. writes.Select(write => write.Killed is { } row
                ? write.WithEvent(outbox.NewMessageDead(queue, write.After!, row, write.Causes))
                : write),
        ];
    }

    /// <param name="queue">The queue.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="cancellationToken">Cancels what comes before the transaction.</param>
    /// <param name="filled">A group whose room is filled though no message of it is changed; null: none.</param>
    /// <param name="guard">Operations that the transaction holds besides; null: none.</param>
    private async Task<(CommitOutcome Outcome, int Failed)> SubmitAsync(
        QueueAddress queue,
        IReadOnlyList<MessageWrite> changes,
        CancellationToken cancellationToken,
        GroupName? filled = null,
        IReadOnlyList<Operation>? guard = null)
    {
        guard ??= [];
        if (filled is null && !changes.Any(write => write.ChangesGroup))
            return await SubmitAsync(queue, new(changes, [], guard, []), cancellationToken);
        var names = changes.Where(write => write.ChangesGroup).Select(write => write.Before.Group!.Value).ToHashSet();
        if (filled is { } one)
            names.Add(one);
        List<(string, string)> keys =
            [.. names.Select(name => name.Value).Order(StringComparer.Ordinal).Select(name => (queue.Partition, name))];
        var held = await turns.EnterAsync(keys);
        try
        {
            if (await groups.PlanAsync(queue, changes, [.. names], guard.Count, cancellationToken) is not { } plan)
                return (CommitOutcome.Conflict, FailedInGroup);
            if (plan.Writes.Count + plan.More.Count == 0)
                return (CommitOutcome.Done, NothingToDo);
            // A message that is to be changed was removed meanwhile, and its id put again into the same group.
            var ids = plan.Promotions.Select(write => write.Before.Id).ToHashSet();
            // Or it was put again into another group, whose messages were read later.
            if (ids.Count < plan.Promotions.Count)
                return (CommitOutcome.Conflict, FailedInGroup);
            if (plan.Writes.ToList().FindIndex(write => ids.Contains(write.Before.Id)) is >= 0 and var gone)
                return (CommitOutcome.Conflict, gone);
            plan = plan with { More = [.. plan.More, .. guard], Left = filled is null ? plan.Left : [] };
            return await SubmitAsync(queue, plan, cancellationToken);
        }
        catch (TableUnavailableException e)
        {
            context.Logger.OutcomeUnknown(e.Message);
            return (CommitOutcome.Unknown, -1);
        }
        finally
        {
            turns.Leave(held);
        }
    }

    private async Task<(CommitOutcome Outcome, int Failed)> SubmitAsync(
        QueueAddress queue, PlannedWrites plan, CancellationToken cancellationToken)
    {
        SubmitResult result;
        var (writes, now) = (plan.Writes, context.Now);
        try
        {
            await due.ScheduleAsync(queue, [.. writes.Concat(plan.Promotions).SelectMany(write => write.Due(now))], cancellationToken);
            // The submit is not cancelled: once the transaction is sent, this method must find out its outcome.
            result = await context.Messages.SubmitAsync(
                queue.Partition, [.. writes.SelectMany(write => write.Operations), .. plan.More], CancellationToken.None);
        }
        catch (TableUnavailableException e)
        {
            context.Logger.OutcomeUnknown(e.Message);
            return (CommitOutcome.Unknown, -1);
        }

        var outcome = result.Committed ? CommitOutcome.Done : CommitOutcome.Conflict;
        if (result.Uncertain)
            outcome = await ResolveAsync(queue, writes);
        if (outcome == CommitOutcome.Done)
            Complete(queue, plan, now);
        return (outcome, outcome == CommitOutcome.Conflict && !result.Uncertain ? IndexOf(writes, result.FailedIndex) : -1);
    }

    private void Complete(QueueAddress queue, PlannedWrites plan, long now)
    {
        var writes = plan.Writes;
        counts.Add(queue, writes.Aggregate(QueueCounts.None, (sum, write) => sum + CountChange.Of(write, now)));
        Instruments.Died.Add(writes.Count(write => write.Killed is not null));
        Publish(queue, writes);
        if (writes.Any(write => write.Change is not null))
            relays.Wake(queue);
        foreach (var write in writes.Where(write => write.Ends.Count > 0))
            Ended(queue, write.Before.Id);
        if (plan.Promotions.Count > 0)
            Promoted(queue);
        // Expired messages that waited in front may have kept others from being read.
        var passed = writes.Where(write => write is { Before.IsWaiting: true, After: null } && !write.Before.IsLive(now))
            .Select(write => write.Before.Group!.Value);
        foreach (var name in plan.Left.Concat(passed).Distinct())
            RoomLeft(queue, name);
    }

    /// <summary>
    /// Finds out the outcome after a refusal that this request's own earlier attempt may have caused. If a message's history holds this
    /// request's revision, the transaction was committed. If it holds only the revision before, the transaction was not committed. One
    /// message decides for the whole transaction.
    /// </summary>
    private async Task<CommitOutcome> ResolveAsync(QueueAddress queue, IReadOnlyList<MessageWrite> writes)
    {
        try
        {
            foreach (var write in writes)
            {
                var row = await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(write.Before.Id), CancellationToken.None);
                if (row is null || MessageState.From(row.Columns) is not { } found || found.Sequence != write.Before.Sequence)
                    continue;
                // A promotion keeps the revision, so the row does not show which process made it.
                if (write.After is { } after
                    && after.Revisions != write.Before.Revisions
                    && found.Revisions.Contains(after.Revisions.Latest))
                {
                    return CommitOutcome.Done;
                }

                if (found.Revisions.Contains(write.Before.Revisions.Latest))
                    return CommitOutcome.Conflict;
            }
        }
        catch (TableUnavailableException)
        {
            // The outcome is unknown, as returned below.
        }

        return CommitOutcome.Unknown;
    }

    private void Publish(QueueAddress queue, IReadOnlyList<MessageWrite> writes)
    {
        var events = writes.Select(write => write.Event).OfType<OutboxRow>().ToList();
        if (events.Count > 0)
            outbox.Publish(queue, events);
    }

    private static int IndexOf(IReadOnlyList<MessageWrite> writes, int operation)
    {
        for (var i = 0; operation >= 0 && i < writes.Count; i++)
        {
            if (operation < writes[i].Operations.Count)
                return i;
            operation -= writes[i].Operations.Count;
        }

        return operation < 0 ? -1 : FailedInGroup;
    }
}

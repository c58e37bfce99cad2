using Burrow.Queues.Changing;
using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Groups;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Settings;
using Burrow.Tables;
using PendingPut = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.PutRequest, Burrow.Queues.PutResult>;

namespace Burrow.Queues.Putting;

/// <summary>
/// Commits the puts to one queue that wait together. It keeps their order and uses as few transactions as can hold them. Each
/// transaction replaces the head, on condition that it is unchanged since the last read. So no two processes give out the same
/// sequence, and no put is stored behind a reader (docs/design/put.md).
/// </summary>
internal sealed class PutGroup(
    QueueContext context,
    DueTable due,
    QueueRegistry registry,
    ProcessCounts counts,
    IEventOutbox outbox,
    IRelayOutbox relays,
    QueueSettings settings,
    Burial burial,
    QueueRoom room,
    OutboxRoom outboxRoom,
    KnownProducers producers,
    GroupReader reader,
    QueueAddress queue,
    Action committed)
{
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMilliseconds(100);

    private readonly WriterYield turns = new(context);
    private readonly KnownGroups groups = new(reader, queue);

    /// <summary>The head as this process last wrote or read it. It may be out of date: storage checks its ETag when it is used.</summary>
    private QueueHead? head;

    public async Task ServeAsync(IReadOnlyList<PendingPut> group)
    {
        var waiting = new LinkedList<PendingPut>(group);
        // The messages under the ids of the puts. The value is null if there is no message. There is no entry if the id was not read.
        var existing = new Dictionary<MessageId, ExistingMessage?>();
        var begun = context.Time.GetTimestamp();
        producers.BeginGroup();
        groups.BeginGroup();
        for (var tries = 0; waiting.Count > 0;)
        {
            var wanted = waiting.Count;
            var (plan, current) = await PlanAsync(waiting, existing);
            if (plan.Puts.Count == 0)
            {
                if (waiting.Count < wanted)
                    continue;
                if (!await HasPatienceAsync(waiting, begun, tries++))
                    (tries, begun) = (0, context.Time.GetTimestamp());
                continue;
            }

            await due.ScheduleAsync(queue, plan.Instants, CancellationToken.None);
            var sent = context.Time.GetTimestamp();
            var result = await SubmitAsync(plan.Operations);
            var roundTrip = context.Time.GetElapsedTime(sent);
            if (await IsCommittedAsync(result, plan, current))
            {
                Complete(plan, waiting, existing);
                await turns.AfterCommitAsync(roundTrip);
                (tries, begun) = (0, context.Time.GetTimestamp());
                continue;
            }

            if (context.Time.GetElapsedTime(begun) > QueueLimits.ConflictTime)
                throw new UnavailableException("Too many processes put to this queue at once; nothing was stored.");
            if (plan.ProducerOf(result.FailedIndex) is { } producer)
            {
                // Another process stored a put of this producer, or shut it out.
                producers.Forget(producer);
            }
            else if (plan.Groups.TryForget(result.FailedIndex))
            {
                // Another process put or removed messages of this group. What a put that brings one back knew of it is read again, too.
                await ReadExistingAsync(
                    plan.Puts.Select(put => put.Pending).Where(pending => existing.ContainsKey(pending.Request.Id)), existing, plan.Policy);
            }
            else if (result.FailedIndex <= 0)
            {
                // The operation on the head failed: another process was faster.
                turns.NoteConflict();
                await Task.Delay(new Backoff(roundTrip, MaxBackoff).Delay(tries++, context.Random), context.Time);
            }
            else
            {
                await ReadExistingAsync(plan.Puts.Select(put => put.Pending), existing, plan.Policy);
            }
        }
    }

    /// <summary>
    /// Waits before the message of the first put is read again. While storage refuses to bury it, that does not help: after a time, the put
    /// fails alone.
    /// </summary>
    private async Task<bool> HasPatienceAsync(LinkedList<PendingPut> waiting, long begun, int tries)
    {
        if (context.Time.GetElapsedTime(begun) <= QueueLimits.ConflictTime)
        {
            await context.BackOffAsync(tries, CancellationToken.None);
            return true;
        }

        waiting.First!.Value.Fail(new UnavailableException("A message of the same id could not be read for 20 s; nothing was stored."));
        waiting.RemoveFirst();
        return false;
    }

    private async Task<(PutPlan Plan, QueueHead Current)> PlanAsync(
        LinkedList<PendingPut> waiting, Dictionary<MessageId, ExistingMessage?> existing)
    {
        await producers.ReadAsync(waiting);
        var account = await settings.OfAsync(queue.Account);
        var policy = account.PolicyOf(queue.Queue);
        await groups.ReadAsync(waiting, policy);
        var left = await room.LeftAsync(policy, waiting.Count);
        var current = head ??= await QueueHead.ReadAsync(context.Messages, queue.Partition, CancellationToken.None);
        var relayed = await outboxRoom.OfAsync(current, account.RelayOf(queue.Queue), waiting.Count);
        // Where there may be no room for all, it matters which of them replace a message.
        var isTight = left < waiting.Count || relayed?.Refusal is not null;
        await ReadExistingAsync(
            waiting.Where(
                pending => (isTight || pending.Request.Precondition.NeedsReceipt) && !existing.ContainsKey(pending.Request.Id)),
            existing,
            policy);
        var kinds = await outbox.GetKindsAsync(queue, CancellationToken.None);
        if (!current.IsOpen)
            await registry.RegisterAsync(queue, CancellationToken.None);
        if (kinds.HasFlag(EventKinds.Expired))
            await ReadExpiredRowsAsync(existing);
        var plan = new PutPlan(context, outbox, queue, policy, current, kinds, producers, new(groups, policy), relayed) { Room = left };
        plan.Fill(waiting, existing);
        return (plan, current);
    }

    private async Task<bool> IsCommittedAsync(SubmitResult result, PutPlan plan, QueueHead current)
    {
        if (result.Committed)
        {
            head = plan.Head with { ETag = result.ETags[0] };
            foreach (var (row, index) in plan.Producers)
                producers.Wrote(row with { ETag = result.ETags[index] });
            plan.Groups.Committed(result.ETags);
            return true;
        }

        head = null;
        if (result.Uncertain)
        {
            foreach (var (row, _) in plan.Producers)
                producers.Forget(row.State.Name);
            plan.Groups.Forget();
            return await WasCommittedAsync(plan.Head, current);
        }

        return false;
    }

    private void Complete(PutPlan plan, LinkedList<PendingPut> waiting, Dictionary<MessageId, ExistingMessage?> existing)
    {
        foreach (var (pending, result) in plan.Puts)
        {
            waiting.Remove(pending);
            existing.Remove(pending.Request.Id);
            pending.Complete(result);
        }

        committed();
        counts.Add(queue, plan.Counts);
        if (plan.Events.Count > 0)
            outbox.Publish(queue, plan.Events);
        if (plan.WakesRelay)
            relays.Wake(queue);
    }

    private async Task<SubmitResult> SubmitAsync(IReadOnlyList<Operation> operations)
    {
        try
        {
            return await context.Messages.SubmitAsync(queue.Partition, operations, CancellationToken.None);
        }
        catch (TableUnavailableException e)
        {
            throw UnknownOutcome(e.Message);
        }
    }

    /// <summary>Only the log gets the reason: it may contain a name that a client must not see.</summary>
    private UnavailableException UnknownOutcome(string reason)
    {
        context.Logger.OutcomeUnknown(reason);
        return new("Storage failed while the message was put; whether it was stored can't be told.");
    }

    private async Task ReadExistingAsync(
        IEnumerable<PendingPut> puts, Dictionary<MessageId, ExistingMessage?> existing, QueuePolicy policy)
    {
        var readAt = context.Now;
        var ids = puts.Select(pending => pending.Request.Id).Distinct().ToList();
        var rows = await Task.WhenAll(
            ids.Select(id => context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), CancellationToken.None)));
        foreach (var (id, row) in ids.Zip(rows))
        {
            var there = row is null ? null : new ExistingMessage(MessageState.From(row.Columns), row.ETag, readAt);
            existing.Remove(id);
            if (there?.State.IsUnburied(readAt) == true)
            {
                // A message that died by time is buried first, and read again when it is needed.
                await burial.BuryAsync(queue, there.State, CancellationToken.None);
            }
            else if (there?.State.Group is not null && there.State.LifeAt(readAt) == MessageLife.None)
            {
                // The put is of a new message, perhaps of another group. The expired one leaves its group first.
                await burial.RemoveAsync(queue, there.State, there.ETag, CancellationToken.None);
            }
            else if (there is { State: { DiedAt: not 0, Group: { } held } })
            {
                var view = await reader.ReadAsync(
                    queue,
                    held,
                    row => GroupPlan.RoomOf(row, [(there.State, null)], policy),
                    new HashSet<Sequence>(),
                    CancellationToken.None);
                // If the id waits in the group, the dead message is gone and was put anew since it was read.
                if (view is not null && !view.Waiting.Any(one => one.Row?.Id == id))
                    existing[id] = there with { Group = view };
            }
            else
            {
                existing[id] = there;
            }
        }
    }

    /// <summary>Reads the rows in line of expired messages that are replaced: their events describe those messages.</summary>
    private async Task ReadExpiredRowsAsync(Dictionary<MessageId, ExistingMessage?> existing)
    {
        foreach (var (id, there) in existing.ToList())
        {
            if (there is { Row: null } && there.State.LifeAt(context.Now) == MessageLife.None
                && await context.Messages.GetAsync(queue.Partition, there.State.LineKey, CancellationToken.None) is { } row)
            {
                existing[id] = there with { Row = MessageRow.From(row) };
            }
        }
    }

    /// <summary>Whether a transaction was committed although storage refused it after an attempt of unknown outcome.</summary>
    /// <exception cref="UnavailableException">The head's history is too short to tell.</exception>
    private async Task<bool> WasCommittedAsync(QueueHead written, QueueHead current)
    {
        QueueHead found;
        try
        {
            found = await QueueHead.ReadAsync(context.Messages, queue.Partition, CancellationToken.None);
        }
        catch (TableUnavailableException e)
        {
            throw UnknownOutcome(e.Message);
        }

        if (found.Revisions?.Contains(written.Revisions!.Value.Latest) == true)
            return true;
        // A history that is not full has dropped no revision, so it would hold ours.
        if (found.Revisions is { IsFull: true } history && !(current.Revisions is { } based && history.Contains(based.Latest)))
            throw UnknownOutcome("Others put too much in the meantime.");
        // Storage refused the transaction because an id exists, and the head is unchanged. If that id is removed, storage may still
        // commit the earlier attempt. It cannot once the head has changed.
        return found.ETag == current.ETag && !await FenceAsync(found) && await WasCommittedAsync(written, current);
    }

    /// <summary>Writes the head again, so that storage can no longer commit a transaction that was sent with the old ETag.</summary>
    /// <returns>False if another process was faster.</returns>
    private async Task<bool> FenceAsync(QueueHead found) =>
        (await SubmitAsync([found.Next(found.Last, found.IsOpen, context.Random).Write()])).Committed;
}

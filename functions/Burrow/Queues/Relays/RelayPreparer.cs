using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>
/// Brings what stands in a queue into its outbox. Every put after the head was marked writes its own row, so only what came before is left.
/// Each step may be done twice, and be broken off anywhere.
/// </summary>
internal sealed class RelayPreparer(QueueContext context, MessageFinder finder, RelayPeer peer)
{
    /// <summary>Prepares a queue under a lease.</summary>
    public async Task<RelayResult> RunAsync(RelayLease lease, Relay relay)
    {
        if (await peer.GreetAsync(lease, relay) is { } trouble)
            return trouble;
        if (lease.Link.IsPrepared)
            return new(lease.Link.Sent, null) { IsSettled = true };
        var own = await PreparingRow.TakeAsync(context, lease.Link.Queue.Partition);
        var (mark, before) = await MarkAsync(lease.Link.Queue, relay);
        // An empty queue is marked by its next put. A mirror may still have to remove there what is not here.
        if (mark is not null && !await FillAsync(lease, own, relay, mark, before))
            return RelayResult.Lost;
        if (relay.Mode == RelayMode.Mirror && lease.Link.Sent is not null && await CompareAsync(lease, own, relay) is { } failure)
            return failure;
        if (mark is not null)
            await SetWholeAsync(lease.Link.Queue, mark.Incarnation);
        await own.ReleaseAsync();
        return new(lease.Link.Sent, null) { IsSettled = true };
    }

    /// <summary>Notes in the head that nothing stands in the queue without a row.</summary>
    private Task SetWholeAsync(QueueAddress queue, string incarnation) => QueueHead.MarkAsync(
        context,
        queue.Partition,
        head => head is { IsOpen: true, Relay: { IsFull: false } mark } && mark.Incarnation == incarnation
            ? mark with { IsWhole = true }
            : head.Relay);

    /// <summary>Marks the head of a queue that holds messages.</summary>
    /// <returns>The mark, and the last sequence that may have no row; no mark: the queue is empty, and the next put marks it.</returns>
    private async Task<(RelayMark? Mark, Sequence Last)> MarkAsync(QueueAddress queue, Relay relay)
    {
        var marked = await QueueHead.MarkAsync(
            context,
            queue.Partition,
            head => !head.IsOpen || head.Relay?.Serves(relay) == true ? head.Relay : new(relay.Incarnation, 0));
        return marked.IsOpen ? (marked.Relay, marked.Last) : (null, Sequence.None);
    }

    /// <returns>False: the lease is lost.</returns>
    private async Task<bool> FillAsync(RelayLease lease, PreparingRow own, Relay relay, RelayMark mark, Sequence before)
    {
        var (queue, isMirror) = (lease.Link.Queue, relay.Mode == RelayMode.Mirror);
        // Rows by id never move, so none is missed.
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore)
        {
            Top = TableLimits.TransactionOperations,
            Select = MessageColumns.OfState,
        };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, CancellationToken.None))
        {
            var now = context.Now;
            var ids = page.Rows.Select(row => MessageState.From(row.Columns))
                .Where(state => state.Sequence <= before && (isMirror
                    ? state.LifeAt(now) != MessageLife.None
                    : state.IsLive(now) && !(state.Sequence.Value <= lease.Link.Sent)))
                .Select(state => state.Id);
            foreach (var some in ids.Chunk(RelayLimits.Looks))
            {
                var isWritten = await WriteAsync(own, some, (id, isAgain) => isMirror
                    ? PlanMirrorAsync(lease.Link, id, mark, before, isAgain)
                    : PlanCopyAsync(lease.Link, id, mark, before, isAgain));
                if (!isWritten || !await lease.RenewAsync(lease.Link.Sent))
                    return false;
            }
        }

        return true;
    }

    /// <summary>The operations that write the row of a message; none if it was consumed meanwhile, or has its row.</summary>
    private async Task<Plan> PlanCopyAsync(RelayLink link, MessageId id, RelayMark mark, Sequence before, bool isAgain)
    {
        if (await finder.ReadWholeAsync(link.Queue, id, MessageLife.Live, CancellationToken.None) is not var (row, body)
            || row.Sequence > before)
        {
            return new(id, []);
        }

        var there = isAgain ? await ThereAsync(link.Queue, row.Sequence) : null;
        return there?.Incarnation == mark.Incarnation
            ? new(id, [])
            : new(id, [.. RelayRow.Of(row, body, mark.Incarnation, mark.Count, context.Now).Insert()]) { Left = there };
    }

    /// <summary>
    /// The operations that mark a message as mirrored, and write its row: that of a put where the other side lacks it, else that of a
    /// change. A message that is marked already is written all the same: so a change is refused that was planned without the mark.
    /// </summary>
    private async Task<Plan> PlanMirrorAsync(RelayLink link, MessageId id, RelayMark mark, Sequence before, bool isAgain)
    {
        if (await finder.ReadRowAsync(link.Queue, id, MessageLife.Live | MessageLife.Dead, CancellationToken.None) is not { } row
            || row.Sequence > before)
        {
            return new(id, []);
        }

        var now = context.Now;
        var operations = MessageWrite.Update(row, row.State with { Mirror = mark.Incarnation }).Operations.ToList();
        var isLacking = !(row.Sequence.Value <= link.Sent);
        var there = isAgain && isLacking ? await ThereAsync(link.Queue, row.Sequence) : null;
        if (isLacking && there?.Incarnation != mark.Incarnation)
            operations.AddRange(RelayRow.Of(row, [], mark.Incarnation, mark.Count, now).Insert());
        // A dead message is put hidden, and dies by the change behind it.
        if (!isLacking || row.State.LifeAt(now) == MessageLife.Dead)
            operations.Add(ChangeRow.Of(row.State, mark.Incarnation, now).Write());
        return new(id, operations) { Left = there?.Incarnation == mark.Incarnation ? null : there };
    }

    /// <summary>Writes the rows of messages. What is refused is planned again: others have changed it, or its row is there.</summary>
    /// <returns>False: another process prepares the queue.</returns>
    private async Task<bool> WriteAsync(
        PreparingRow own, IReadOnlyList<MessageId> ids, Func<MessageId, bool, Task<Plan>> plan)
    {
        var rest = await PlanAllAsync(ids, isAgain: false);
        for (var tries = -1; rest.Count > 0;)
        {
            var (operations, owners, bytes) = (new List<Operation>(), new List<MessageId>(), 0);
            foreach (var one in rest)
            {
                bytes += one.Operations.Sum(TableLimits.SizeOf);
                if (operations.Count > 0
                    && (bytes > QueueLimits.TransactionBytes
                        || operations.Count + one.Operations.Count >= TableLimits.TransactionOperations))
                {
                    break;
                }

                operations.AddRange(one.Operations);
                owners.Add(one.Id);
            }

            if (await own.SubmitAsync(operations) is not { } isCommitted)
                return false;
            if (isCommitted)
            {
                rest.RemoveAll(one => owners.Contains(one.Id));
                continue;
            }

            // The first time, it is probably a row that is there: of the others, too.
            if (++tries > 0)
                await context.BackOffAsync(tries, CancellationToken.None);
            rest = await PlanAllAsync([.. rest.Select(one => one.Id)], isAgain: true);
            // If such a row is written anew, or stays, the next try finds it again.
            foreach (var left in rest.Select(one => one.Left).OfType<RelayRow>())
            {
                if (await own.SubmitAsync(left.Delete()) is null)
                    return false;
            }
        }

        return true;

        async Task<List<Plan>> PlanAllAsync(IReadOnlyList<MessageId> some, bool isAgain) =>
            [.. (await Task.WhenAll(some.Select(id => plan(id, isAgain)))).Where(one => one.Operations.Count > 0)];
    }

    /// <summary>The row of a message that is in the outbox already; null: there is none.</summary>
    private async Task<RelayRow?> ThereAsync(QueueAddress queue, Sequence sequence) =>
        await context.Messages.GetAsync(queue.Partition, QueueKeys.Outbox(sequence), CancellationToken.None) is { } found
            ? RelayRow.From(found)
            : null;

    /// <summary>Writes the row of a change for each message that came there by this relay, and is not here.</summary>
    /// <returns>Null: it is done.</returns>
    private async Task<RelayResult?> CompareAsync(RelayLease lease, PreparingRow own, Relay relay)
    {
        var queue = lease.Link.Queue;
        string? after = null;
        do
        {
            var answer = await peer.ListAsync(relay, queue, after);
            if (answer.Status != 200)
                return RelayResult.Of(lease.Link.Sent, answer);
            foreach (var some in answer.Came.Chunk(RelayLimits.Looks))
            {
                var states = await Task.WhenAll(some.Select(
                    one => finder.ReadStateAsync(queue, one.Id, MessageLife.Live | MessageLife.Dead, CancellationToken.None)));
                List<Operation> writes =
                [
                    .. some.Zip(states).Where(one => one.Second?.State.Sequence.Value != one.First.Number).Select(one => new ChangeRow(
                        "", new(one.First.Number), one.First.Id, relay.Incarnation, context.Now).Write()),
                ];
                bool? isWritten = writes.Count == 0;
                while (isWritten == false)
                    isWritten = await own.SubmitAsync(writes);
                if (isWritten is null)
                    return RelayResult.Lost;
            }

            after = answer.Next;
            if (!await lease.RenewAsync(lease.Link.Sent))
                return RelayResult.Lost;
        }
        while (after is not null);
        return null;
    }

    /// <param name="Id">A message.</param>
    /// <param name="Operations">What there is to write for it; none: nothing.</param>
    private sealed record Plan(MessageId Id, IReadOnlyList<Operation> Operations)
    {
        /// <summary>A row of the message that a relay which is gone has left, and that is deleted first; null: there is none.</summary>
        public RelayRow? Left { get; init; }
    }
}

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
    /// <summary>Messages read at a time.</summary>
    private const int MaxParallelism = 16;

    /// <summary>Prepares a queue under a lease.</summary>
    public async Task<RelayResult> RunAsync(RelayLease lease, Relay relay)
    {
        if (await peer.GreetAsync(lease, relay) is { } trouble)
            return trouble;
        if (lease.Link.IsPrepared)
            return new(lease.Link.Sent, null);
        var (mark, before) = await MarkAsync(lease.Link.Queue, relay);
        if (mark is null)
            return new(lease.Link.Sent, null);
        if (!await FillAsync(lease, mark, before))
            return RelayResult.Lost;
        await SetWholeAsync(lease.Link.Queue, mark.Incarnation);
        return new(lease.Link.Sent, null);
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
    private async Task<bool> FillAsync(RelayLease lease, RelayMark mark, Sequence before)
    {
        var queue = lease.Link.Queue;
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
                .Where(state => state.IsLive(now) && !(state.Sequence.Value <= lease.Link.Sent) && state.Sequence <= before)
                .Select(state => state.Id);
            foreach (var some in ids.Chunk(MaxParallelism))
            {
                var rows = await Task.WhenAll(some.Select(id => ReadAsync(queue, id, mark)));
                await InsertAsync(queue, [.. rows.OfType<RelayRow>().Where(row => row.Sequence <= before)]);
            }

            if (!await lease.RenewAsync(lease.Link.Sent))
                return false;
        }

        return true;
    }

    /// <summary>The row of a message; null if it was consumed meanwhile.</summary>
    private Task<RelayRow?> ReadAsync(QueueAddress queue, MessageId id, RelayMark mark) => context.UntilStableAsync(
        async () =>
        {
            if (await finder.ReadRowAsync(queue, id, MessageLife.Live, CancellationToken.None) is not { } row)
                return (true, (RelayRow?)null);
            var (isThere, body) = await finder.ReadBodyAsync(queue, row, isShown: true, CancellationToken.None);
            return (isThere, isThere ? RelayRow.Of(row, body!, mark, context.Now) : null);
        },
        CancellationToken.None);

    /// <summary>Writes rows. One of the same relay that is there already stays as it is.</summary>
    private async Task InsertAsync(QueueAddress queue, List<RelayRow> rows)
    {
        while (rows.Count > 0)
        {
            var (operations, owners, bytes) = (new List<Operation>(), new List<RelayRow>(), 0);
            foreach (var row in rows)
            {
                var added = row.Insert().ToList();
                bytes += added.Sum(TableLimits.SizeOf);
                if (operations.Count > 0
                    && (bytes > QueueLimits.TransactionBytes || operations.Count + added.Count > TableLimits.TransactionOperations))
                {
                    break;
                }

                operations.AddRange(added);
                owners.AddRange(added.Select(_ => row));
            }

            var result = await context.Messages.SubmitAsync(queue.Partition, operations, CancellationToken.None);
            if (result.Committed)
                rows = [.. rows.Except(owners)];
            else if (owners[Math.Max(0, result.FailedIndex)] is var row && await IsThereAsync(queue, row))
                rows.Remove(row);
        }
    }

    /// <summary>
    /// Whether the row of a message is there. A process that was thought dead may have written one for a relay that is gone: it is removed.
    /// </summary>
    private async Task<bool> IsThereAsync(QueueAddress queue, RelayRow row)
    {
        var key = QueueKeys.Outbox(row.Sequence);
        if (await context.Messages.GetAsync(queue.Partition, key, CancellationToken.None) is not { } found)
            return false;
        var there = RelayRow.From(found);
        if (there.Incarnation == row.Incarnation)
            return true;
        await RelayRow.DeleteAsync(context.Messages, queue.Partition, [there]);
        return false;
    }
}

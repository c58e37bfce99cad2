using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>
/// Sends what has changed of the messages that a mirror has sent. It goes one batch at a time, and nothing else is under way. Each batch
/// has an epoch of its own, so that one that comes late, or twice, changes nothing after a later one.
/// </summary>
internal sealed class MirrorSender(QueueContext context, MessageFinder finder, IRelayWire wire, RelayPeer peer)
{
    /// <summary>Sends until no change is left, the other side refuses, or the lease is lost.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="relay">The relay.</param>
    /// <param name="stamp">The stamp of this deployment.</param>
    /// <param name="sent">The last number that the other side has. All others of which it has not were not sent.</param>
    /// <returns>Whether anything was sent, and why it did not go on; null: nothing is left.</returns>
    public async Task<(bool HasSent, RelayResult? Failure)> SendAllAsync(RelayLease lease, Relay relay, string stamp, long? sent)
    {
        var (hasSent, from) = (false, QueueKeys.ChangesFrom);
        while (true)
        {
            var query = new RowQuery(from, QueueKeys.OutboxBefore) { Top = RelayLimits.BatchMessages };
            var (rows, more) = await context.Messages.QueryFirstAsync(lease.Link.Queue.Partition, query, CancellationToken.None);
            // Those of another relay come to their turn once they are at the front.
            var changes = rows.Select(ChangeRow.From).Where(change => change.Incarnation == relay.Incarnation).ToList();
            var toSend = new List<Plan>();
            foreach (var some in changes.Chunk(RelayLimits.Looks))
            {
                var plans = await Task.WhenAll(some.Select(change => PlanAsync(lease.Link, change, sent)));
                await DeleteAsync(lease.Link, plans.Where(plan => plan.IsDropped));
                toSend.AddRange(plans.Where(plan => plan.Message is not null));
                while (toSend.Count > 0 && (some[^1] == changes[^1] || Fit(toSend) < toSend.Count))
                {
                    var batch = toSend.GetRange(0, Fit(toSend));
                    if (await SendAsync(lease, relay, stamp, sent, batch) is { } failure)
                        return (hasSent, failure);
                    hasSent = true;
                    toSend.RemoveRange(0, batch.Count);
                }
            }

            if (!more)
            {
                // What is put now has a higher epoch, so that none of the changes is made to it, should one come twice.
                var isOurs = !hasSent || await lease.WriteAsync(link => link with { Epoch = link.Epoch + 1, Sent = sent });
                return (hasSent, isOurs ? null : RelayResult.Lost);
            }

            from = QueueKeys.Change(new(ChangeRow.From(rows[^1]).Sequence.Value + 1));
        }
    }

    /// <summary>Looks what a message is, after its row was read: if it changes again, the row is another one.</summary>
    private async Task<Plan> PlanAsync(RelayLink link, ChangeRow change, long? sent)
    {
        var (row, body) =
            await finder.ReadWholeAsync(link.Queue, change.Id, MessageLife.Live | MessageLife.Dead, CancellationToken.None) ?? default;
        if (row?.Sequence != change.Sequence)
            row = null;
        var now = context.Now;
        if (row is not null && !link.IsForThere(row.Origin))
            return new(change) { IsDropped = true };
        // The death of what the other side lacks comes behind its put. What else changed is put as it is then. Its row is sent all the
        // same: only the other side's answer tells that this process is not behind another one, which has put the message.
        return !(change.Sequence.Value <= sent) && row?.State.LifeAt(now) == MessageLife.Dead
            ? new(change)
            : new(change) { Message = RelayRow.Of(change, row, body ?? [], now) };
    }

    /// <summary>How many of the first changes go together.</summary>
    private static int Fit(List<Plan> plans)
    {
        var (count, bytes) = (0, 0);
        foreach (var plan in plans)
        {
            bytes += plan.Message!.Length;
            if (count > 0 && bytes > RelayLimits.BatchBytes)
                break;
            count++;
        }

        return count;
    }

    /// <returns>Null: the other side has all of it.</returns>
    private async Task<RelayResult?> SendAsync(RelayLease lease, Relay relay, string stamp, long? sent, List<Plan> plans)
    {
        if (!await lease.WriteAsync(link => link with { Epoch = link.Epoch + 1, Sent = sent }))
            return RelayResult.Lost;
        var queue = lease.Link.Queue;
        var batch = new RelayBatch(
            RelayPeer.ProducerOf(stamp, relay, queue), lease.Link.Epoch, null, plans.ConvertAll(plan => plan.Message!), stamp)
        {
            IsOfChanges = true,
        };
        var answer = await wire.SendAsync(relay, queue.Queue, batch, CancellationToken.None);
        if (answer.Status != 200)
            return await peer.RefusalOfAsync(lease, relay, sent, answer);
        for (var i = 0; i < plans.Count; i++)
        {
            var item = answer.ItemOf(i);
            if (item.Status == 200)
                continue;
            await DeleteAsync(lease.Link, plans.Take(i));
            return await peer.RefusalOfAsync(lease, relay, sent, plans[i].Change.Id, item);
        }

        await DeleteAsync(lease.Link, plans);
        batch.Arrived(context.Now);
        return null;
    }

    private Task DeleteAsync(RelayLink link, IEnumerable<Plan> plans) => OutboxRows.DeleteAsync(
        context.Messages, link.Queue.Partition, plans.Select(plan => (IReadOnlyList<Operation>)[plan.Change.Delete()]));

    /// <param name="Change">The row of a change.</param>
    private sealed record Plan(ChangeRow Change)
    {
        /// <summary>The message to send; null: none now.</summary>
        public RelayRow? Message { get; init; }

        /// <summary>Whether the row is of no use.</summary>
        public bool IsDropped { get; init; }
    }
}

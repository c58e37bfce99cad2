using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>
/// Sends what has changed of the messages that a mirror has sent. It goes one batch at a time, and nothing else is under way. Each batch
/// has an epoch of its own, so that one that comes late, or twice, changes nothing after a later one.
/// </summary>
internal sealed class MirrorSender(
    QueueContext context, MessageFinder finder, IRelayWire wire, RelayPeer peer, RelayLease lease, Relay relay, string stamp)
{
    /// <summary>Pages of changes, or of puts, after which the others have their turn.</summary>
    public const int Pages = 8;

    /// <summary>Changes that the other side refuses, and not those beside them. They are not sent again in this run.</summary>
    private readonly HashSet<ChangeRow> refused = [];

    private readonly QueueAddress queue = lease.Link.Queue;

    /// <summary>Where the next page begins; null: a new round does.</summary>
    private string? next;

    private bool hasSent;

    /// <summary>Whether the last round has come to its end, and nothing was sent in it.</summary>
    public bool IsDone => next is null && !hasSent;

    /// <summary>Why a change was refused, and not those beside it; null: none was.</summary>
    public RelayResult? Refusal { get; private set; }

    /// <summary>Goes on with a round through all changes, for some pages.</summary>
    /// <param name="sent">The last number that the other side has. All others of which it has not were not sent.</param>
    /// <returns>Why it can't go on; null: it can.</returns>
    public async Task<RelayResult?> SendSomeAsync(long? sent)
    {
        var before = lease.Link.Epoch;
        if (next is null)
            (next, hasSent) = (QueueKeys.ChangesFrom, false);
        for (var pages = 0; pages < Pages && next is not null; pages++)
        {
            var query = new RowQuery(next, QueueKeys.OutboxBefore) { Top = wire.BatchMessages };
            var (rows, more) = await context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
            // Those of another relay come to their turn once they are at the front.
            var changes = rows.Select(ChangeRow.From).Where(one => one.Incarnation == relay.Incarnation && !refused.Contains(one)).ToList();
            if (await SendAllAsync(changes, sent) is { } failure)
                return failure;
            next = more ? QueueKeys.Change(new(ChangeRow.From(rows[^1]).Sequence.Value + 1)) : null;
        }

        // What is put now has a higher epoch, so that none of the changes is made to it, should one come twice.
        var isOurs = lease.Link.Epoch == before || await lease.WriteAsync(link => link with { Epoch = link.Epoch + 1, Sent = sent });
        return isOurs ? null : RelayResult.Lost;
    }

    private async Task<RelayResult?> SendAllAsync(List<ChangeRow> changes, long? sent)
    {
        var toSend = new List<Plan>();
        foreach (var some in changes.Chunk(RelayLimits.Looks))
        {
            if (!await lease.RenewAsync(sent))
                return RelayResult.Lost;
            var plans = await Task.WhenAll(some.Select(change => PlanAsync(change, sent)));
            await DeleteAsync(plans.Where(plan => plan.IsDropped));
            toSend.AddRange(plans.Where(plan => plan.Message is not null));
            while (toSend.Count > 0 && (some[^1] == changes[^1] || Fit(toSend) < toSend.Count))
            {
                var batch = toSend.GetRange(0, Fit(toSend));
                if (await SendAsync(sent, batch) is { } failure)
                    return failure;
                toSend.RemoveRange(0, batch.Count);
            }
        }

        return null;
    }

    /// <summary>Looks what a message is, after its row was read: if it changes again, the row is another one.</summary>
    private async Task<Plan> PlanAsync(ChangeRow change, long? sent)
    {
        var (row, body) =
            await finder.ReadWholeAsync(queue, change.Id, MessageLife.Live | MessageLife.Dead, CancellationToken.None) ?? default;
        if (row?.Sequence != change.Sequence)
            row = null;
        var now = context.Now;
        if (row is not null && !lease.Link.IsForThere(row.Origin))
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

    /// <returns>Null: the other side has all of it, but what it refuses alone.</returns>
    private async Task<RelayResult?> SendAsync(long? sent, List<Plan> plans)
    {
        if (!await lease.WriteAsync(link => link with { Epoch = link.Epoch + 1, Sent = sent }))
            return RelayResult.Lost;
        var batch = new RelayBatch(
            RelayPeer.ProducerOf(stamp, relay, queue), lease.Link.Epoch, null, plans.ConvertAll(plan => plan.Message!), stamp)
        {
            IsOfChanges = true,
        };
        var answer = await wire.SendAsync(relay, queue.Queue, batch, CancellationToken.None);
        if (answer.Status != 200)
            return await peer.RefusalOfAsync(lease, relay, sent, answer);
        var arrived = new List<Plan>();
        RelayResult? failure = null;
        for (var i = 0; i < plans.Count; i++)
        {
            var (change, item) = (plans[i].Change, answer.ItemOf(i));
            if (item.Status == 200)
                arrived.Add(plans[i]);
            else if (item.IsRefusedAlone && refused.Add(change))
                Refusal ??= (await peer.RefusalOfAsync(lease, relay, sent, change.Id, item)) with { Pause = null };
            else
                failure ??= await peer.RefusalOfAsync(lease, relay, sent, change.Id, item);
        }

        await DeleteAsync(arrived);
        hasSent |= arrived.Count > 0;
        if (failure is null)
            batch.Arrived(context.Now);
        return failure;
    }

    private Task DeleteAsync(IEnumerable<Plan> plans) => OutboxRows.DeleteAsync(
        context.Messages, queue.Partition, plans.Select(plan => (IReadOnlyList<Operation>)[plan.Change.Delete()]));

    /// <param name="Change">The row of a change.</param>
    private sealed record Plan(ChangeRow Change)
    {
        /// <summary>The message to send; null: none now.</summary>
        public RelayRow? Message { get; init; }

        /// <summary>Whether the row is of no use.</summary>
        public bool IsDropped { get; init; }
    }
}

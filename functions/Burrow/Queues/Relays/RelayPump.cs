using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Queues.Settings;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>
/// Sends the outbox of one queue under a lease: what was put, in order, several batches at a time. A mirror sends what has changed first,
/// and again after some pages of what was put.
/// </summary>
internal sealed class RelayPump
{
    /// <summary>Deletions of what was sent that are under way at a time.</summary>
    private const int MaxDeletions = 4;

    private readonly QueueContext context;
    private readonly QueueSettings settings;
    private readonly IRelayWire wire;
    private readonly RelayPeer peer;
    private readonly RelayStamp stamp;
    private readonly MessageFinder finder;

    public RelayPump(
        QueueContext context, QueueSettings settings, IRelayWire wire, RelayPeer peer, RelayStamp stamp, MessageFinder finder) =>
        (this.context, this.settings, this.wire, this.peer, this.stamp, this.finder) = (context, settings, wire, peer, stamp, finder);

    /// <summary>Sends until the outbox is empty, the other side refuses, or the lease is lost.</summary>
    public async Task<RelayResult> RunAsync(RelayLease lease, Relay relay)
    {
        if (await peer.GreetAsync(lease, relay) is { } trouble)
            return trouble;
        var own = await stamp.GetAsync(CancellationToken.None);
        var mirror = relay.Mode == RelayMode.Mirror ? new MirrorSender(context, finder, wire, peer, lease, relay, own) : null;
        var result = new RelayResult(lease.Link.Sent, null);
        while (await IsCurrentAsync(lease, relay))
        {
            if (mirror is not null)
            {
                if (await mirror.SendSomeAsync(result.Sent) is { } failure)
                    return failure;
                // An id that is taken there may be that of a message which is gone here. The change said so.
                if (result.IsTaken && mirror.IsDone)
                    return result;
            }

            var run = new Run(this, lease, relay, own, result.Sent);
            try
            {
                result = await run.SendAllAsync();
            }
            finally
            {
                await run.FinishAsync();
            }

            if (mirror is null || result.IsLost || (result.Reason is not null && !result.IsTaken))
                return result;
            if (!result.IsTaken)
            {
                if (mirror.IsDone && run.IsEmpty)
                    return mirror.Refusal is { } refusal ? refusal with { Sent = result.Sent } : result;
                continue;
            }

            if (await peer.GreetAsync(lease, relay, isRefused: true) is { } late)
                return late;
            result = result with { Sent = lease.Link.Sent };
        }

        return result;
    }

    /// <summary>A relay that was deleted or put again sends nothing more under its old terms.</summary>
    private async Task<bool> IsCurrentAsync(RelayLease lease, Relay relay) =>
        (await settings.OfAsync(lease.Link.Queue.Account)).RelayOf(relay.Incarnation)?.Generation == relay.Generation;

    /// <summary>One run.</summary>
    private sealed class Run(RelayPump pump, RelayLease lease, Relay relay, string stamp, long? begun)
    {
        private readonly ProducerName producer = RelayPeer.ProducerOf(stamp, relay, lease.Link.Queue);
        private readonly Queue<(RelayBatch Batch, Task<RelayAnswer> Answer)> underWay = new();
        private readonly Queue<Task> deletions = new();
        private readonly QueueAddress queue = lease.Link.Queue;
        private QueueContext Context => pump.context;

        /// <summary>The last number that the other side has.</summary>
        private long? sent = begun;

        /// <summary>The last number that is under way.</summary>
        private long? last = begun;

        private string next = QueueKeys.OutboxFrom;
        private List<RelayRow> read = [];
        private bool isEnd;
        private int pages;

        /// <summary>Whether there was nothing to send, and nothing is left.</summary>
        public bool IsEmpty { get; private set; } = true;

        public async Task<RelayResult> SendAllAsync()
        {
            while (true)
            {
                // The first message of all has no forerunner to be right behind. So it goes alone.
                while (underWay.Count < (sent is null ? 1 : RelayLimits.BatchesUnderWay) && await NextAsync() is { } batch)
                {
                    IsEmpty = false;
                    underWay.Enqueue((batch, pump.wire.SendAsync(relay, queue.Queue, batch, CancellationToken.None)));
                    last = batch.Messages[^1].Sequence.Value;
                }

                if (!underWay.TryDequeue(out var oldest))
                    return lease.IsLost ? RelayResult.Lost : new(sent, null) { IsSettled = true };
                var answer = await oldest.Answer;
                if (await TroubleOfAsync(oldest.Batch, answer) is { } trouble)
                    return await GiveUpAsync(trouble);
                Delete(oldest.Batch.Messages);
                while (deletions.Count > MaxDeletions)
                    await deletions.Dequeue();
                if (!await lease.RenewAsync(sent))
                    return RelayResult.Lost;
                if (!await pump.IsCurrentAsync(lease, relay))
                    return await GiveUpAsync(new(sent, null));
            }
        }

        /// <summary>Waits for what is under way.</summary>
        public async Task FinishAsync()
        {
            while (underWay.TryDequeue(out var one))
                await one.Answer;
            await Task.WhenAll(deletions);
        }

        /// <summary>The next messages to send; null: none is left.</summary>
        private async Task<RelayBatch?> NextAsync()
        {
            var (messages, bytes) = (new List<RelayRow>(), 0);
            var most = sent is null ? 1 : pump.wire.BatchMessages;
            while (messages.Count < most)
            {
                if (read.Count == 0 && !await ReadAsync())
                    break;
                var row = read[0];
                if (messages.Count > 0 && bytes + row.Length > RelayLimits.BatchBytes)
                    break;
                read.RemoveAt(0);
                if (await WholeAsync(row) is not { } whole)
                {
                    if (IsMirror)
                    {
                        Delete([row]);
                        continue;
                    }

                    // Another process works on the outbox, so this one has lost its lease.
                    isEnd = true;
                    read.Clear();
                    break;
                }

                messages.Add(whole);
                bytes += whole.Length;
            }

            return messages.Count == 0 ? null : new(producer, lease.Link.Epoch, last, messages, stamp);
        }

        /// <summary>Reads on, and drops what need not be sent.</summary>
        /// <returns>False: the outbox ends.</returns>
        private async Task<bool> ReadAsync()
        {
            while (read.Count == 0 && !isEnd)
            {
                var query = new RowQuery(next, QueueKeys.ChangesFrom) { Top = pump.wire.BatchMessages, Select = RelayRow.Columns };
                var (rows, more) = await Context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
                // Who drops rows has removed the link before. So up to here there is no gap, or nothing of it is sent.
                isEnd = rows.Count > 0 && !await lease.IsHeldAsync();
                if (isEnd)
                    break;
                if (rows.Count > 0)
                    next = QueueKeys.Outbox(new(OutboxRows.SequenceOf(rows[^1].Key).Value + 1));
                var all = rows.Where(row => RelayRow.IsMessage(row.Key)).Select(RelayRow.From).ToList();
                // Rows of another relay come after those of this one. A run for that one sends them.
                var own = all.TakeWhile(row => row.Incarnation == relay.Incarnation).ToList();
                isEnd = !more || own.Count < all.Count;
                if (IsMirror && !isEnd && ++pages == MirrorSender.Pages)
                    (isEnd, IsEmpty) = (true, false);
                read = IsMirror ? await AsTheyAreAsync(own) : own.FindAll(IsToSend);
                var left = read.ConvertAll(row => row.Sequence).ToHashSet();
                Delete(own.Where(row => !left.Contains(row.Sequence)));
            }

            return read.Count > 0;
        }

        /// <summary>
        /// Leaves out what the other side has, what has expired, and what has come through the other side. If one that expired was sent
        /// before and arrives late, its number is over by then. The number that its producer gave it goes along all the same.
        /// </summary>
        private bool IsToSend(RelayRow row) =>
            !(row.Sequence.Value <= sent)
            && (row.ExpiresAt > Context.Now || row.Own is not null)
            && lease.Link.IsForThere(row.Origin);

        private bool IsMirror => relay.Mode == RelayMode.Mirror;

        /// <summary>What the rows of a mirror stand for now. A message that is gone is left out, if no number goes along.</summary>
        private async Task<List<RelayRow>> AsTheyAreAsync(List<RelayRow> rows)
        {
            var found = new List<RelayRow>();
            foreach (var some in rows.Where(row => !(row.Sequence.Value <= sent)).Chunk(RelayLimits.Looks))
                found.AddRange((await Task.WhenAll(some.Select(row => AsItIsAsync(row, withBody: false)))).OfType<RelayRow>());
            return found;
        }

        private async Task<RelayRow?> AsItIsAsync(RelayRow row, bool withBody)
        {
            var (line, body) = withBody
                ? await pump.finder.ReadWholeAsync(queue, row.Id, MessageLife.Live | MessageLife.Dead, CancellationToken.None) ?? default
                : (await pump.finder.ReadRowAsync(queue, row.Id, MessageLife.Live | MessageLife.Dead, CancellationToken.None), null);
            if (line is null || line.Sequence != row.Sequence)
                return row.Own is null ? null : row.AsGone();
            var now = row.AsItIs(line, body ?? line.Inline, Context.Now);
            // What is dead dies there by the change behind it. Until then no worker gets it.
            return !IsToSend(now) ? null : now.DiedAt == 0 ? now : now with { VisibleAt = Context.Now + RelayLimits.DeadHide.Ticks };
        }

        /// <summary>A row with its body; null: it is gone.</summary>
        private Task<RelayRow?> WholeAsync(RelayRow row) =>
            !row.LacksBody ? Task.FromResult<RelayRow?>(row)
            : IsMirror ? AsItIsAsync(row, withBody: true)
            : row.WithBodyAsync(Context.Messages, queue.Partition, CancellationToken.None);

        /// <returns>Null: all of the batch is stored there.</returns>
        private async Task<RelayResult?> TroubleOfAsync(RelayBatch batch, RelayAnswer answer)
        {
            if (answer.Status != 200)
                return await pump.peer.RefusalOfAsync(lease, relay, sent, answer);
            for (var i = 0; i < batch.Messages.Count; i++)
            {
                var item = answer.ItemOf(i);
                if (item.Status is 200 or 201)
                {
                    sent = batch.Messages[i].Sequence.Value;
                    continue;
                }

                Delete(batch.Messages.Take(i));
                var id = batch.Messages[i].Id;
                // The message of that id there may be consumed soon.
                return item.Status == 412
                    ? new(sent, $"A message of the id '{id}' is at the other side: {item.Error}") { IsTaken = true }
                    : await pump.peer.RefusalOfAsync(lease, relay, sent, id, item);
            }

            batch.Arrived(Context.Now);
            return null;
        }

        /// <summary>Where a later batch was stored, its forerunners were, too: only their answers were lost.</summary>
        private async Task<RelayResult> GiveUpAsync(RelayResult trouble)
        {
            while (underWay.TryDequeue(out var one))
            {
                var answer = await one.Answer;
                for (var i = 0; answer.Status == 200 && i < answer.Items.Count && answer.Items[i].Status is 200 or 201; i++)
                    sent = Math.Max(sent ?? 0, one.Batch.Messages[i].Sequence.Value);
            }

            return trouble.IsLost ? trouble : trouble with { Sent = trouble.Sent is { } known ? Math.Max(known, sent ?? 0) : sent };
        }

        private void Delete(IEnumerable<RelayRow> rows)
        {
            var deletes = rows.Select(row => (IsMirror ? row.WithoutItsBody() : row).Delete()).ToList();
            if (deletes.Count > 0)
                deletions.Enqueue(OutboxRows.DeleteAsync(Context.Messages, queue.Partition, deletes));
        }
    }
}

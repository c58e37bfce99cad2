using Burrow.Queues.Rows;
using Burrow.Queues.Settings;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Relays;

/// <summary>Sends the outbox of one queue under a lease, in order, several batches at a time.</summary>
internal sealed class RelayPump
{
    /// <summary>Deletions of what was sent that are under way at a time.</summary>
    private const int MaxDeletions = 4;

    private readonly QueueContext context;
    private readonly QueueSettings settings;
    private readonly IRelayWire wire;
    private readonly RelayPeer peer;
    private readonly RelayStamp stamp;

    public RelayPump(QueueContext context, QueueSettings settings, IRelayWire wire, RelayPeer peer, RelayStamp stamp) =>
        (this.context, this.settings, this.wire, this.peer, this.stamp) = (context, settings, wire, peer, stamp);

    /// <summary>Sends until the outbox is empty, the other side refuses, or the lease is lost.</summary>
    public async Task<RelayResult> RunAsync(RelayLease lease, Relay relay)
    {
        if (await peer.GreetAsync(lease, relay) is { } trouble)
            return trouble;
        var run = new Run(this, lease, relay, await stamp.GetAsync(CancellationToken.None));
        try
        {
            return await run.SendAllAsync();
        }
        finally
        {
            await run.FinishAsync();
        }
    }

    /// <summary>One run.</summary>
    private sealed class Run(RelayPump pump, RelayLease lease, Relay relay, string stamp)
    {
        private readonly ProducerName producer = RelayPeer.ProducerOf(stamp, relay, lease.Link.Queue);
        private readonly Queue<(RelayBatch Batch, Task<RelayAnswer> Answer)> underWay = new();
        private readonly Queue<Task> deletions = new();
        private readonly QueueAddress queue = lease.Link.Queue;
        private QueueContext Context => pump.context;

        /// <summary>The last number that the other side has.</summary>
        private long? sent = lease.Link.Sent;

        /// <summary>The last number that is under way.</summary>
        private long? last = lease.Link.Sent;

        private string next = QueueKeys.OutboxFrom;
        private List<RelayRow> read = [];
        private bool isEnd;

        public async Task<RelayResult> SendAllAsync()
        {
            while (true)
            {
                // The first message of all has no forerunner to be right behind. So it goes alone.
                while (underWay.Count < (sent is null ? 1 : RelayLimits.BatchesUnderWay) && await NextAsync() is { } batch)
                {
                    underWay.Enqueue((batch, pump.wire.SendAsync(relay, queue.Queue, batch, CancellationToken.None)));
                    last = batch.Messages[^1].Sequence.Value;
                }

                if (!underWay.TryDequeue(out var oldest))
                    return new(sent, null);
                var answer = await oldest.Answer;
                if (await TroubleOfAsync(oldest.Batch, answer) is { } trouble)
                    return await GiveUpAsync(trouble);
                Delete(oldest.Batch.Messages);
                while (deletions.Count > MaxDeletions)
                    await deletions.Dequeue();
                if (!await lease.RenewAsync(sent))
                    return RelayResult.Lost;
                // A relay that was deleted or put again sends nothing more under its old terms.
                if ((await pump.settings.OfAsync(queue.Account)).RelayOf(relay.Incarnation)?.Generation != relay.Generation)
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
            var most = sent is null ? 1 : RelayLimits.BatchMessages;
            while (messages.Count < most)
            {
                if (read.Count == 0 && !await ReadAsync())
                    break;
                var row = read[0];
                if (messages.Count > 0 && bytes + row.Length > RelayLimits.BatchBytes)
                    break;
                read.RemoveAt(0);
                if (await row.WithBodyAsync(Context.Messages, queue.Partition, CancellationToken.None) is not { } whole)
                {
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
                var query = new RowQuery(next, QueueKeys.OutboxBefore) { Top = RelayLimits.BatchMessages, Select = RelayRow.Columns };
                var (rows, more) = await Context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
                if (rows.Count > 0)
                    next = QueueKeys.Outbox(new(RelayRow.SequenceOf(rows[^1].Key).Value + 1));
                var all = rows.Where(row => RelayRow.IsMessage(row.Key)).Select(RelayRow.From).ToList();
                // Rows of another relay come after those of this one. A run for that one sends them.
                var own = all.TakeWhile(row => row.Incarnation == relay.Incarnation).ToList();
                isEnd = !more || own.Count < all.Count;
                read = own.FindAll(IsToSend);
                Delete(own.Except(read));
            }

            return read.Count > 0;
        }

        /// <summary>
        /// Leaves out what the other side has, what has expired, and what has come through the other side. If one that expired was sent
        /// before and arrives late, its number is over by then.
        /// </summary>
        private bool IsToSend(RelayRow row) =>
            !(row.Sequence.Value <= sent)
            && row.ExpiresAt > Context.Now
            && !(lease.Link.Peer is { } theirs && row.Origin?.Stamps.Contains(theirs) == true)
            && !(row.Origin?.Stamps.Count >= RelayLimits.Stamps);

        /// <returns>Null: all of the batch is stored there.</returns>
        private async Task<RelayResult?> TroubleOfAsync(RelayBatch batch, RelayAnswer answer)
        {
            if (answer.Status == 409)
                return await pump.peer.ExplainAsync(lease, relay, sent);
            if (answer.Status != 200)
                return RelayResult.Of(sent, answer);
            for (var i = 0; i < batch.Messages.Count; i++)
            {
                var item = i < answer.Items.Count ? answer.Items[i] : new(502, "The answer is too short.");
                if (item.Status is 200 or 201)
                {
                    sent = batch.Messages[i].Sequence.Value;
                    continue;
                }

                Delete(batch.Messages.Take(i));
                var id = batch.Messages[i].Id;
                if (item.Status == 409)
                    return await pump.peer.ExplainAsync(lease, relay, sent);
                // The message of that id there may be consumed soon.
                if (item.Status == 412)
                    return new(sent, $"A message of the id '{id}' is at the other side: {item.Error}");
                return RelayResult.Of(sent, new(item.Status) { Text = $"the message '{id}': {item.Error}" });
            }

            Instruments.RelayedMessages.Add(batch.Messages.Count);
            Instruments.RelayLag.Record(TimeSpan.FromTicks(Context.Now - batch.Messages[0].Written).TotalSeconds);
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
            // Without the bodies, which would be kept until it is done.
            var some = rows.Select(row => row with { Body = [] }).ToList();
            if (some.Count > 0)
                deletions.Enqueue(RelayRow.DeleteAsync(Context.Messages, queue.Partition, some));
        }
    }
}

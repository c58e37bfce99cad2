using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using PendingPut = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.PutRequest, Burrow.Queues.PutResult>;

namespace Burrow.Queues.Putting;

/// <summary>
/// Carries out the puts to one queue that wait together, in their order, in as few transactions as hold them. Each rewrites
/// the head as it was last seen, so no two processes hand out the same sequence, and none is handed out behind a reader.
/// </summary>
internal sealed class PutGroup(QueueContext context, DueTable due, QueueDirectory directory, Counts counts, IEventOutbox announcer, QueueAddress queue, Action committed)
{
    /// <summary>Groups of this process before it lets another in, if there may be one, and if there was one of late.</summary>
    private const int MaxInARow = 32;

    /// <inheritdoc cref="MaxInARow"/>
    private const int MaxInARowContended = 4;

    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ContentionRemembered = TimeSpan.FromSeconds(1);

    /// <summary>Where storage is faster than this, it is in this process, and there is nobody else.</summary>
    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(1);

    private long? contended;
    private long committedLast;
    private int inARow;

    /// <summary>The head as this process last wrote or read it. Only ever a guess: its ETag is checked when it is used.</summary>
    private QueueHead? head;

    public async Task ServeAsync(IReadOnlyList<PendingPut> group)
    {
        var waiting = new LinkedList<PendingPut>(group);
        // What is known of the messages that are there: null if there is none, absent if nobody looked.
        var known = new Dictionary<MessageId, Known?>();
        var begun = context.Time.GetTimestamp();
        for (var tries = 0; waiting.Count > 0;)
        {
            await ReadExistingAsync(waiting.Where(pending => pending.Request.Precondition.NeedsReceipt && !known.ContainsKey(pending.Request.Id)), known);
            var wanted = await announcer.GetKindsAsync(queue, CancellationToken.None);
            var current = head ??= await QueueHead.ReadAsync(context.Messages, queue.Partition, CancellationToken.None);
            if (!current.IsOpen)
                await directory.RegisterAsync(queue, CancellationToken.None);

            if (wanted.HasFlag(EventKinds.Expired))
                await ReadExpiredAsync(known);

            var plan = Plan(current, waiting, known, wanted);
            if (plan.Puts.Count == 0)
                continue;
            await due.ScheduleAsync(queue, plan.Instants, CancellationToken.None);
            var sent = context.Time.GetTimestamp();
            var result = await SubmitAsync(plan.Operations);
            var roundTrip = context.Time.GetElapsedTime(sent);
            var done = result.Committed;
            if (result.Committed)
            {
                head = plan.Head with { ETag = result.ETags[0] };
            }
            else
            {
                head = null;
                if (result.Uncertain)
                    done = await WasCommittedAsync(plan.Head, current);
            }

            if (done)
            {
                foreach (var (pending, put) in plan.Puts)
                {
                    waiting.Remove(pending);
                    known.Remove(pending.Request.Id);
                    pending.Complete(put);
                }

                committed();
                counts.Add(queue, plan.Count);
                if (plan.Announcements.Count > 0)
                    announcer.Publish(queue, plan.Announcements);
                await YieldToOthersAsync(roundTrip);
                (tries, begun) = (0, context.Time.GetTimestamp());
                continue;
            }

            if (context.Time.GetElapsedTime(begun) > Limits.ConflictTime)
                throw new UnavailableException("Too many processes put to this queue at once; nothing was stored.");
            if (result.FailedIndex <= 0)
            {
                contended = context.Time.GetTimestamp();
                await Task.Delay(Backoff.Next(tries++, roundTrip, MaxBackoff, context.Random), context.Time);
            }
            else
            {
                await ReadExistingAsync(plan.Puts.Select(planned => planned.Pending), known);
            }
        }
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

    /// <summary>
    /// Who commits knows the head and can send the next group at once; another process has to read it first, and never comes in
    /// between. So where there was another of late, and now and then in case there is, the next group waits about as long as
    /// that takes.
    /// </summary>
    private async Task YieldToOthersAsync(TimeSpan roundTrip)
    {
        // Not as long as one that storage failed in between.
        roundTrip = roundTrip < MaxBackoff ? roundTrip : MaxBackoff;
        var now = context.Time.GetTimestamp();
        inARow = context.Time.GetElapsedTime(committedLast, now) < 3 * roundTrip ? inARow + 1 : 0;
        var isContended = contended is { } last && context.Time.GetElapsedTime(last, now) < ContentionRemembered;
        if (roundTrip > MinPause && inARow >= (isContended ? MaxInARowContended : MaxInARow))
        {
            inARow = 0;
            await Task.Delay(2 * roundTrip * (0.5 + context.Random.NextDouble()), context.Time);
        }

        committedLast = context.Time.GetTimestamp();
    }

    /// <summary>The reason is for the log: it may name what is no client's business.</summary>
    private UnavailableException UnknownOutcome(string reason)
    {
        context.Logger.OutcomeUnknown(reason);
        return new("Storage failed while the message was put; whether it was stored can't be told.");
    }

    private async Task ReadExistingAsync(IEnumerable<PendingPut> puts, Dictionary<MessageId, Known?> known)
    {
        var asked = context.Now;
        var ids = puts.Select(pending => pending.Request.Id).Distinct().ToList();
        var rows = await Task.WhenAll(
            ids.Select(id => context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), CancellationToken.None)));
        foreach (var (id, row) in ids.Zip(rows))
            known[id] = row is null ? null : new(MessageState.From(row.Columns), row.ETag, asked);
    }

    /// <summary>What expired and is replaced is announced with what it said.</summary>
    private async Task ReadExpiredAsync(Dictionary<MessageId, Known?> known)
    {
        foreach (var (id, there) in known.ToList())
        {
            if (there is { Line: null } && !there.State.IsLive(context.Now)
                && await context.Messages.GetAsync(queue.Partition, there.State.LineKey, CancellationToken.None) is { } row)
            {
                known[id] = there with { Line = MessageRow.From(row) };
            }
        }
    }

    /// <summary>As many of the first puts as fit in one transaction. Those whose conditions fail are answered and left out.</summary>
    private PlannedGroup Plan(QueueHead current, LinkedList<PendingPut> waiting, Dictionary<MessageId, Known?> known, EventKinds wanted)
    {
        var now = context.Now;
        var last = current.Last;
        var plan = new PlannedGroup();
        var ids = new HashSet<MessageId>();
        long bytes = 0;
        for (var node = waiting.First; node is not null;)
        {
            var (pending, request) = (node.Value, node.Value.Request);
            // Once per transaction; the second put of an id replaces the first.
            if (!ids.Add(request.Id))
                break;
            var there = known.GetValueOrDefault(request.Id);
            if (there is not null && there.State.IsLive(there.Asked) && !there.State.IsLive(now))
            {
                // It expired since, or was given more time: to be read again.
                known.Remove(request.Id);
                break;
            }

            var live = there?.State.IsLive(now) == true ? there : null;
            var next = node.Next;
            Receipt? receipt = live is null ? null : new(live.State.Revisions.Latest);
            // Where nobody looked, the transaction itself will say whether it exists.
            if (known.ContainsKey(request.Id) && request.Precondition.Failure(receipt) is { } refused)
            {
                pending.Fail(refused);
                waiting.Remove(node);
                ids.Remove(request.Id);
                node = next;
                continue;
            }

            var sequence = live?.State.Sequence ?? new Sequence(Math.Max(last.Value + 1, now));
            var after = NewState(request, sequence, live?.State, now);
            Operation[] operations = there is not null
                ? [.. MessageWrite.Replace(there.State, there.ETag, after, request)]
                : [.. MessageWrite.Insert(after, request)];
            var announcements = new List<OutboxRow>();
            if (live is null && wanted.HasFlag(EventKinds.Created))
                announcements.Add(announcer.NewMessageCreated(queue, after, request));
            if (live is null && there is not null && wanted.HasFlag(EventKinds.Expired))
                announcements.Add(announcer.NewMessageExpired(queue, there.State, there.Line));
            if (announcements.Count > 0)
                operations = [.. operations, .. announcements.Select(announcement => announcement.Insert)];
            bytes += operations.Sum(TableLimits.SizeOf);
            // One more is the head.
            if (plan.Puts.Count > 0
                && (plan.Operations.Count + operations.Length + 1 > TableLimits.TransactionOperations || bytes > Limits.TransactionBytes))
            {
                break;
            }

            plan.Operations.AddRange(operations);
            plan.Puts.Add((pending, new PutResult(live is null, new(after.Revisions.Latest))));
            plan.Instants.AddRange(after.Due);
            plan.Count += QueueCounts.OfPut(there?.State, live is not null, request.Body.Length);
            plan.Announcements.AddRange(announcements);
            if (live is null)
                last = sequence;
            node = next;
        }

        if (plan.Announcements.Count > 0)
            plan.Instants.Add(OutboxRow.DrainAt(now));
        plan.Head = current.Next(last, open: true, context.Random);
        plan.Operations.Insert(0, plan.Head.Write());
        return plan;
    }

    private MessageState NewState(PutRequest request, Sequence sequence, MessageState? replaced, long now)
    {
        var revisions = replaced?.Revisions.Next(context.Random) ?? Revisions.First(context.Random);
        return new()
        {
            Id = request.Id,
            Sequence = sequence,
            VisibleAt = Attributes.VisibleAt(request.Attributes.Hide ?? context.Options.DefaultHide, now),
            ExpiresAt = Attributes.ExpiresAt(request.Attributes.Ttl ?? context.Options.DefaultTtl, now),
            Deliveries = replaced?.Deliveries ?? 0,
            Inserted = replaced?.Inserted ?? now,
            Revisions = revisions,
            Chunks = BodyChunks.CountOf(request.Body.Length),
            BodyRevision = revisions.Latest,
            Length = request.Body.Length,
        };
    }

    /// <summary>Whether a group was committed that was refused after an attempt of unknown outcome.</summary>
    /// <exception cref="UnavailableException">The head has forgotten.</exception>
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
        // A history that hasn't forgotten any would have ours.
        if (found.Revisions is { IsFull: true } history && !(current.Revisions is { } based && history.Contains(based.Latest)))
            throw UnknownOutcome("Others put too much in the meantime.");
        // Refused, as an id is there, while the head still is as it was: the attempt of which nobody knows may yet be carried
        // out, should the id go. Under another head it can't be.
        return found.ETag == current.ETag && !await FenceAsync(found) && await WasCommittedAsync(written, current);
    }

    /// <summary>Rewrites the head as it is, so that nothing that was sent under its ETag can be carried out any more.</summary>
    /// <returns>Whether it did; somebody else was first if not.</returns>
    private async Task<bool> FenceAsync(QueueHead found) =>
        (await SubmitAsync([found.Next(found.Last, found.IsOpen, context.Random).Write()])).Committed;

    /// <param name="State">A message, live or expired.</param>
    /// <param name="ETag">Of its row by id.</param>
    /// <param name="Asked">The clock before it was read.</param>
    private sealed record Known(MessageState State, string ETag, long Asked)
    {
        /// <summary>Its row in line, if it was read.</summary>
        public MessageRow? Line { get; init; }
    }

    private sealed class PlannedGroup
    {
        public QueueHead Head { get; set; } = QueueHead.Missing;

        public List<Operation> Operations { get; } = [];

        public List<(PendingPut Pending, PutResult Put)> Puts { get; } = [];

        public List<long> Instants { get; } = [];

        public QueueCounts Count { get; set; }

        public List<OutboxRow> Announcements { get; } = [];
    }
}

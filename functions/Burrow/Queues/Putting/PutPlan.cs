using Burrow.Queues.Counting;
using Burrow.Queues.Groups;
using Burrow.Queues.Producers;
using Burrow.Queues.Rows;
using Burrow.Tables;
using PendingPut = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.PutRequest, Burrow.Queues.PutResult>;

namespace Burrow.Queues.Putting;

/// <summary>One transaction of puts: the head, and as many of the first waiting puts as fit.</summary>
internal sealed class PutPlan(
    QueueContext context,
    IEventOutbox outbox,
    QueueAddress queue,
    QueuePolicy policy,
    QueueHead current,
    EventKinds kinds,
    KnownProducers known,
    PlannedGroups groups,
    PlannedOutbox? relay)
{
    /// <summary>
    /// The operations of one put at most: its rows, those of what it replaces, its producer, an event, a row for a mirror, and the head.
    /// </summary>
    private const int MaxOperations = 25;

    private readonly List<Operation> operations = [];
    private readonly List<(PendingPut Pending, PutResult Result)> puts = [];
    private readonly List<OutboxRow> events = [];
    private readonly List<long> instants = [];
    private readonly HashSet<MessageId> ids = [];

    /// <summary>The producers whose numbers the transaction moves on, as they are before it and after it.</summary>
    private readonly Dictionary<ProducerName, (ProducerRow Before, ProducerRow After)> producers = [];

    private readonly long now = context.Now;
    private Sequence last = current.Last;
    private Lanes lanes = current.Lanes;
    private long bytes;
    private int producerOperations;

    /// <summary>How many new messages the queue may still hold; null: any number.</summary>
    public long? Room { get; set; }

    /// <summary>The puts, and the result of each if the transaction commits. If empty, there is nothing to commit.</summary>
    public IReadOnlyList<(PendingPut Pending, PutResult Result)> Puts => puts;

    /// <summary>The head as the transaction writes it.</summary>
    public QueueHead Head { get; private set; } = QueueHead.Missing;

    /// <summary>The operations; the first writes the head.</summary>
    public IReadOnlyList<Operation> Operations { get; private set; } = [];

    /// <summary>The times when the timer must visit the queue, UTC ticks.</summary>
    public IReadOnlyList<long> Instants => instants;

    /// <summary>The change that the transaction makes to the queue's counts.</summary>
    public QueueCounts Counts { get; private set; }

    /// <summary>The events that the transaction writes.</summary>
    public IReadOnlyList<OutboxRow> Events => events;

    /// <summary>The producers as the transaction writes them, and the places of their operations.</summary>
    public IReadOnlyList<(ProducerRow Row, int Index)> Producers { get; private set; } = [];

    /// <summary>The producer whose operation has that place; null: it is another operation.</summary>
    public ProducerName? ProducerOf(int index) =>
        Producers.FirstOrDefault(one => one.Index == index) is { Row: { } row } ? row.State.Name : null;

    /// <summary>The groups of the messages.</summary>
    public PlannedGroups Groups => groups;

    /// <summary>The policy that the plan heeds.</summary>
    public QueuePolicy Policy => policy;

    /// <summary>Whether the relay of the queue has something to do after the transaction.</summary>
    public bool WakesRelay { get; private set; }

    /// <summary>Plans the first puts. Puts whose preconditions fail are answered and removed.</summary>
    /// <param name="waiting">The puts, in their order.</param>
    /// <param name="existing">
    /// The known messages under the ids of the puts. The value is null if there is no message. There is no entry if the id was not
    /// read. Entries that are out of date are removed.
    /// </param>
    public void Fill(LinkedList<PendingPut> waiting, Dictionary<MessageId, ExistingMessage?> existing)
    {
        for (var node = waiting.First; node is not null;)
        {
            var (pending, next) = (node.Value, node.Next);
            // A transaction changes a row only once, so a second put of the same id goes into the next transaction.
            if (!ids.Add(pending.Request.Id))
                break;
            // A duplicate is told before anything else is judged.
            var turn = TurnOf(pending);
            if (turn == Turn.Later)
                break;
            if (turn is Turn.Refused or Turn.Passed)
            {
                if (turn == Turn.Refused)
                {
                    waiting.Remove(node);
                    ids.Remove(pending.Request.Id);
                }

                node = next;
                continue;
            }

            var isRead = existing.TryGetValue(pending.Request.Id, out var there);
            if (there is not null && (there.State.IsUnburied(now) || there.State.LifeAt(there.ReadAt) != there.State.LifeAt(now)))
            {
                // The message expired or died since it was read, or got more time: it is read again.
                existing.Remove(pending.Request.Id);
                break;
            }

            // A dead message keeps its place, like a live one.
            var kept = there?.State.LifeAt(now) is MessageLife.Live or MessageLife.Dead ? there : null;
            // The next plan knows: the room became less meanwhile, or the message was buried and is not read again yet.
            if (!isRead && (Room <= 0 || relay?.Refusal is not null || pending.Request.Precondition.NeedsReceipt))
                break;
            if (kept is null && pending.Request.Group is { } group && !groups.Knows(group))
                break;
            // Without a read, the transaction itself finds out whether the message exists.
            if (isRead && FailureOf(pending.Request, there, kept) is { } failure)
            {
                pending.Fail(failure);
                waiting.Remove(node);
                ids.Remove(pending.Request.Id);
            }
            else if (!TryAdd(pending, there, kept))
            {
                break;
            }

            node = next;
        }

        WakesRelay = relay?.IsChanged == true;
        if (events.Count > 0 || WakesRelay)
            instants.Add(OutboxRow.DrainAt(now));
        Head = current.Next(last, open: true, context.Random) with { Lanes = lanes, Relay = relay?.Mark };
        List<Operation> all = [Head.Write(), .. operations];
        groups.Complete(all, instants);
        var written = new List<(ProducerRow, int)>();
        foreach (var (before, after) in producers.Values)
        {
            written.Add((after, all.Count));
            all.AddRange(after.Write(before));
            instants.Add(after.ExpiresAt);
        }

        (Operations, Producers) = (all, written);
    }

    /// <summary>Judges a put by its number, where it has one.</summary>
    private Turn TurnOf(PendingPut pending)
    {
        if (pending.Request.Number is not { } number)
            return Turn.Now;
        if (!TryJudge(number, pending.Request.Relayed, out var refusal))
            return Turn.Later;
        if (refusal is not null)
        {
            refusal(pending);
            return Turn.Refused;
        }

        if (!StoresNothing(pending.Request.Relayed))
            return Turn.Now;
        return TryPass(pending) ? Turn.Passed : Turn.Later;
    }

    /// <summary>Judges a put by its number.</summary>
    /// <param name="number">The number.</param>
    /// <param name="relayed">What another deployment says of it.</param>
    /// <param name="refusal">Answers the put without storing it; null: it is to be stored.</param>
    /// <returns>False: the next plan knows.</returns>
    private bool TryJudge(ProducerNumber number, RelayedPut? relayed, out Action<PendingPut>? refusal)
    {
        refusal = null;
        if (known.Find(number.Producer) is not { } stored || number.Epoch > stored.State.Epoch)
            return false;
        if (relayed?.Own is { } own && known.Find(own.Producer) is null)
            return false;
        var state = producers.TryGetValue(number.Producer, out var planned) ? planned.After.State : stored.State;
        if (number.Epoch < state.Epoch)
            refusal = pending => pending.Fail(QueueProducers.StaleEpoch(state, number.Epoch));
        else if (number.Number <= stored.State.Last)
            refusal = pending => pending.Complete(PutResult.Duplicate);
        else if (number.Number <= state.Last)
            return false;
        else if (number.Previous is { } previous && !(state.Last >= previous))
            refusal = pending => pending.Fail(QueueProducers.Missing(state, previous));
        return true;
    }

    /// <summary>Whether another deployment's message is not stored, although it has its turn: it is here already, or over.</summary>
    private bool StoresNothing(RelayedPut? relayed)
    {
        if (relayed is null)
            return false;
        if (relayed.IsFromHere || relayed.IsGone || relayed.ExpiresAt <= now)
            return true;
        return relayed.Own is { } own && StateOf(own.Producer).Last >= own.Number;
    }

    /// <summary>The producer as the transaction leaves it.</summary>
    private ProducerState StateOf(ProducerName name) =>
        (producers.TryGetValue(name, out var planned) ? planned.After : known.Find(name)!).State;

    /// <summary>Moves the numbers of a put on that is not stored.</summary>
    /// <returns>False if that does not fit.</returns>
    private bool TryPass(PendingPut pending)
    {
        var more = MoveOn(pending.Request, out var moved);
        if (puts.Count > 0 && 1 + operations.Count + producerOperations + groups.Operations + more > TableLimits.TransactionOperations)
            return false;
        Add(more, moved);
        puts.Add((pending, PutResult.Duplicate));
        return true;
    }

    /// <summary>How many operations a put adds for its producers: the one that sends it, and the one that it came from at first.</summary>
    private int MoveOn(PutRequest request, out List<(ProducerRow Before, ProducerRow After)> moved)
    {
        moved = [];
        if (request.Number is { } number)
            moved.Add(Moved(number.Producer, state => state with { Last = number.Number }));
        if (request.Relayed?.Own is { } own)
        {
            moved.Add(Moved(own.Producer, state => state with
            {
                Last = Math.Max(state.Last ?? 0, own.Number),
                Epoch = Math.Max(state.Epoch, own.Epoch),
            }));
        }

        return moved.Where(one => !producers.ContainsKey(one.After.State.Name)).Sum(one => one.After.Write(one.Before).Count);

        (ProducerRow Before, ProducerRow After) Moved(ProducerName name, Func<ProducerState, ProducerState> change)
        {
            var before = producers.TryGetValue(name, out var planned) ? planned.Before : known.Find(name)!;
            return (before, before.With(change(StateOf(name)), new DateTimeOffset(now, TimeSpan.Zero)));
        }
    }

    private void Add(int more, List<(ProducerRow Before, ProducerRow After)> moved)
    {
        producerOperations += more;
        foreach (var one in moved)
            producers[one.After.State.Name] = one;
    }

    private BurrowException? FailureOf(PutRequest request, ExistingMessage? there, ExistingMessage? kept)
    {
        Receipt? receipt = kept is null ? null : new(kept.State.Revisions.Latest);
        if (request.Precondition.Failure(receipt) is { } failure)
            return failure;
        if (kept is null)
        {
            return Room <= 0
                ? new QuotaExceededException($"This queue may hold {policy.MaxMessages} messages, and does. Nothing was stored.")
                : request.Relayed is null ? relay?.Refusal : null;
        }

        if (request.Priority is { } priority && priority != kept.State.Priority)
            return new ConflictException($"The message has the priority {kept.State.Priority}, which never changes. Nothing was stored.");
        return request.Group is { } group && group != kept.State.Group
            ? new ConflictException(
                (kept.State.Group is { } old ? $"The message is of the group '{old}'" : "The message is of no group")
                + ", which never changes. Nothing was stored.")
            : null;
    }

    /// <returns>False if the put does not fit. The first put always fits.</returns>
    private bool TryAdd(PendingPut pending, ExistingMessage? there, ExistingMessage? kept)
    {
        if (groups.IsClosed)
            return false;
        var request = pending.Request;
        var sequence = kept?.State.Sequence ?? new Sequence(Math.Max(last.Value + 1, now));
        var after = NewState(request, sequence, kept?.State);
        GroupPlan? back = null;
        if (kept is { State: { DiedAt: not 0, Group: not null } })
        {
            // It may make others ready, so it takes a transaction of its own.
            if (puts.Count > 0)
                return false;
            back = groups.PlanReturn(kept, after, now, TableLimits.TransactionOperations - MaxOperations);
            after = back.Afters[0]!;
        }

        var added = there is not null
            ? MessageWrite.Replace(there.State, there.ETag, after, request).ToList()
            : MessageWrite.Insert(after, request).ToList();
        added.AddRange(ResultOf(request, there, kept));
        var rows = EventsOf(request, after, there, kept);
        added.AddRange(rows.Select(row => row.Insert));
        var outboxed = kept is null ? relay?.Plan(after, request, now) : null;
        added.AddRange(outboxed?.Operations ?? []);
        if (kept is not null)
            added.AddRange(relay?.PlanChange(after, now) ?? []);
        bytes += added.Sum(TableLimits.SizeOf);
        var more = MoveOn(request, out var moved);
        // The head is one more operation.
        var total = 1 + operations.Count + added.Count + producerOperations + more
            + groups.Operations + (kept is null ? groups.OperationsOf(request.Group) : 0);
        if (puts.Count > 0
            && (total > TableLimits.TransactionOperations
                || bytes > QueueLimits.TransactionBytes))
        {
            return false;
        }

        Add(more, moved);
        if (outboxed is var (_, mark))
            relay!.Add(mark);
        operations.AddRange(added);
        puts.Add((pending, new PutResult(kept is null, new(after.Revisions.Latest))));
        instants.AddRange(after.Due);
        Counts += CountChange.OfPut(there?.State, kept is not null, request.Body.Length);
        events.AddRange(rows);
        if (back is not null)
            groups.Return(after.Group!.Value, back);
        if (kept is not null)
            return true;
        last = sequence;
        lanes = lanes.With(after.Priority);
        if (after.Group is { } group)
        {
            groups.Add(group);
            lanes = lanes.WithGroups();
        }

        Room--;
        return true;
    }

    /// <summary>The operations on the row of the result: of the message that is put, or of one that expired in its place.</summary>
    private IEnumerable<Operation> ResultOf(PutRequest request, ExistingMessage? there, ExistingMessage? kept)
    {
        if (request.Result is not null || kept?.State is { DiedAt: not 0, ResultKept: not null })
            return [ResultRow.Begin(request.Id, context.Random)];
        if (kept is not null || there?.State is not { DiedAt: 0, ResultKept: { } seconds })
            return [];
        var expiresAt = MessageState.ExpiryOf(seconds, now);
        instants.Add(expiresAt);
        return ResultRow.End(
            request.Id, new(ResultState.Expired, ResultBody.Empty), ResultRow.ReceiptOfEnd(there.State), expiresAt);
    }

    private IReadOnlyList<OutboxRow> EventsOf(
        PutRequest request, MessageState after, ExistingMessage? there, ExistingMessage? kept)
    {
        if (kinds == EventKinds.None)
            return [];
        var rows = new List<OutboxRow>();
        if (kept is null && kinds.HasFlag(EventKinds.Created))
            rows.Add(outbox.NewMessageCreated(queue, after, request));
        if (kept is null && there is { State.DiedAt: 0 } && kinds.HasFlag(EventKinds.Expired))
            rows.Add(outbox.NewMessageExpired(queue, there.State, there.Row));
        return rows;
    }

    private MessageState NewState(PutRequest request, Sequence sequence, MessageState? replaced)
    {
        var revisions = replaced?.Revisions.Next(context.Random) ?? Revisions.First(context.Random);
        var relayed = request.Relayed;
        var hide = request.Attributes.Hide ?? policy.Hide ?? context.Options.DefaultHide;
        // A dead message begins anew.
        var deliveries = replaced is { DiedAt: 0 } ? replaced.Deliveries : 0;
        return new()
        {
            Id = request.Id,
            Sequence = sequence,
            VisibleAt = relayed is null ? MessageState.VisibilityOf(hide, now) : relayed.VisibleAt > now ? relayed.VisibleAt : 0,
            ExpiresAt = relayed?.ExpiresAt
                ?? MessageState.ExpiryOf(request.Attributes.Ttl ?? policy.Ttl ?? context.Options.DefaultTtl, now),
            Deliveries = deliveries,
            Priority = replaced?.Priority ?? request.Priority ?? QueueLimits.DefaultPriority,
            Group = replaced is null ? request.Group : replaced.Group,
            IsWaiting = replaced is null ? request.Group is { } group && groups.Waits(group) : replaced.IsWaiting,
            IsDelayed = hide > 0 && deliveries > 0,
            ResultKept = request.Result ?? replaced?.ResultKept,
            Mirror = relay?.MirrorOf(request, replaced),
            Inserted = replaced?.Inserted ?? relayed?.Inserted ?? now,
            Revisions = revisions,
            Chunks = BodyChunks.CountOf(request.Body.Length),
            BodyRevision = revisions.Latest,
            Length = request.Body.Length,
        };
    }

    /// <summary>What a put's number says about it.</summary>
    private enum Turn
    {
        /// <summary>It is stored, if nothing else prevents it.</summary>
        Now,

        /// <summary>The next plan knows.</summary>
        Later,

        /// <summary>It was answered.</summary>
        Refused,

        /// <summary>Its number is in the plan, and it is not stored.</summary>
        Passed,
    }
}

using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Tables;
using PendingPut = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.PutRequest, Burrow.Queues.PutResult>;

namespace Burrow.Queues.Putting;

/// <summary>One transaction of puts: the head, and as many of the first waiting puts as fit.</summary>
internal sealed class PutPlan(QueueContext context, IEventOutbox outbox, QueueAddress queue, QueueHead current, EventKinds kinds)
{
    private readonly List<Operation> operations = [];
    private readonly List<(PendingPut Pending, PutResult Result)> puts = [];
    private readonly List<OutboxRow> events = [];
    private readonly List<long> instants = [];
    private readonly HashSet<MessageId> ids = [];
    private readonly long now = context.Now;
    private Sequence last = current.Last;
    private long bytes;

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
            var there = existing.GetValueOrDefault(pending.Request.Id);
            if (there is not null && there.State.IsLive(there.ReadAt) && !there.State.IsLive(now))
            {
                // The message expired since it was read, or got a later expiry: it is read again.
                existing.Remove(pending.Request.Id);
                break;
            }

            var live = there?.State.IsLive(now) == true ? there : null;
            // Without a read, the transaction itself finds out whether the message exists.
            if (existing.ContainsKey(pending.Request.Id) && FailureOf(pending.Request, live) is { } failure)
            {
                pending.Fail(failure);
                waiting.Remove(node);
                ids.Remove(pending.Request.Id);
            }
            else if (!TryAdd(pending, there, live))
            {
                break;
            }

            node = next;
        }

        if (events.Count > 0)
            instants.Add(OutboxRow.DrainAt(now));
        Head = current.Next(last, open: true, context.Random);
        Operations = [Head.Write(), .. operations];
    }

    private static PreconditionFailedException? FailureOf(PutRequest request, ExistingMessage? live)
    {
        Receipt? receipt = live is null ? null : new(live.State.Revisions.Latest);
        return request.Precondition.Failure(receipt);
    }

    /// <returns>False if the put does not fit. The first put always fits.</returns>
    private bool TryAdd(PendingPut pending, ExistingMessage? there, ExistingMessage? live)
    {
        var request = pending.Request;
        var sequence = live?.State.Sequence ?? new Sequence(Math.Max(last.Value + 1, now));
        var after = NewState(request, sequence, live?.State);
        var added = there is not null
            ? MessageWrite.Replace(there.State, there.ETag, after, request).ToList()
            : MessageWrite.Insert(after, request).ToList();
        var rows = EventsOf(request, after, there, live);
        added.AddRange(rows.Select(row => row.Insert));
        bytes += added.Sum(TableLimits.SizeOf);
        // The head is one more operation.
        if (puts.Count > 0
            && (operations.Count + added.Count + 1 > TableLimits.TransactionOperations || bytes > QueueLimits.TransactionBytes))
        {
            return false;
        }

        operations.AddRange(added);
        puts.Add((pending, new PutResult(live is null, new(after.Revisions.Latest))));
        instants.AddRange(after.Due);
        Counts += CountChange.OfPut(there?.State, live is not null, request.Body.Length);
        events.AddRange(rows);
        if (live is null)
            last = sequence;
        return true;
    }

    private IReadOnlyList<OutboxRow> EventsOf(
        PutRequest request, MessageState after, ExistingMessage? there, ExistingMessage? live)
    {
        if (kinds == EventKinds.None)
            return [];
        var rows = new List<OutboxRow>();
        if (live is null && kinds.HasFlag(EventKinds.Created))
            rows.Add(outbox.NewMessageCreated(queue, after, request));
        if (live is null && there is not null && kinds.HasFlag(EventKinds.Expired))
            rows.Add(outbox.NewMessageExpired(queue, there.State, there.Row));
        return rows;
    }

    private MessageState NewState(PutRequest request, Sequence sequence, MessageState? replaced)
    {
        var revisions = replaced?.Revisions.Next(context.Random) ?? Revisions.First(context.Random);
        return new()
        {
            Id = request.Id,
            Sequence = sequence,
            VisibleAt = MessageState.VisibilityOf(request.Attributes.Hide ?? context.Options.DefaultHide, now),
            ExpiresAt = MessageState.ExpiryOf(request.Attributes.Ttl ?? context.Options.DefaultTtl, now),
            Deliveries = replaced?.Deliveries ?? 0,
            Inserted = replaced?.Inserted ?? now,
            Revisions = revisions,
            Chunks = BodyChunks.CountOf(request.Body.Length),
            BodyRevision = revisions.Latest,
            Length = request.Body.Length,
        };
    }
}

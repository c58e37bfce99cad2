using Burrow.Caching;
using Burrow.Queues.Changing;
using Burrow.Queues.Claiming;
using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Groups;
using Burrow.Queues.Policies;
using Burrow.Queues.Putting;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Settings;
using Burrow.Queues.Sweeping;
using Burrow.Queues.Waiting;

namespace Burrow.Queues;

/// <summary>
/// The states of the queues that this process serves. If there are too many, idle ones are evicted. If a request arrives for a queue at
/// that moment, the queue has two states for a while. That costs speed only.
/// </summary>
internal sealed class QueueStates(
    QueueContext context,
    DueTable due,
    QueueRegistry registry,
    MessageFinder finder,
    Transactions transactions,
    Burial burial,
    ProcessCounts counts,
    IEventOutbox outbox,
    IRelayOutbox relays,
    QueueSettings settings,
    QueuePolicies policies,
    BackgroundSweep background,
    MessageLister lister,
    GroupReader groups,
    GroupSettler settler)
{
    private const int Capacity = 10_000;

    /// <summary>How many puts are served together at most.</summary>
    private const int MaxPuts = 256;

    private readonly BoundedCache<string, QueueState> states = new(Capacity, state => state.IsIdle, isStrict: false);

    public QueueState Of(QueueAddress queue) =>
        states.TryGet(queue.Partition, out var state) ? state : states.GetOrAdd(queue.Partition, _ => New(queue));

    /// <summary>Has the requests look again that wait for messages of a queue.</summary>
    public void Wake(QueueAddress queue)
    {
        if (states.TryGet(queue.Partition, out var state))
            state.Changed.Set();
    }

    private QueueState New(QueueAddress queue)
    {
        var changed = new ChangeSignal();
        var room = new QueueRoom(context, counts, queue, () => background.Expire(queue));
        var producers = new KnownProducers(context, due, queue);
        var puts = new PutGroup(
            context,
            due,
            registry,
            counts,
            outbox,
            relays,
            settings,
            burial,
            room,
            new(context, settings, queue),
            producers,
            groups,
            queue,
            changed.Set);
        return new(
            queue,
            changed,
            new QueuePoller(context, queue, changed),
            new GroupCommit<PutRequest, PutResult>("put", puts.ServeAsync, _ => 1, MaxPuts),
            kind => new(
                kind.Remove ? "take" : "claim",
                new ClaimGroup(
                    context,
                    finder,
                    transactions,
                    policies,
                    queue,
                    kind,
                    () => background.Promote(queue),
                    () => background.Expire(queue),
                    (head, policy) => settler.Look(queue, head, policy)).ServeAsync,
                request => Math.Min(request.Limit, ClaimGroup.MaxMessages),
                ClaimGroup.MaxMessages),
            selection => new("list", group => ListAsync(queue, group), _ => 0, 0));
    }

    /// <summary>Answers all lists of a group by one read, which uses the memory of the first.</summary>
    private async Task ListAsync(QueueAddress queue, IReadOnlyList<PendingRequest<MessageSelection, MessageList>> group)
    {
        var list = await lister.ListAsync(queue, group[0].Request, CancellationToken.None);
        foreach (var pending in group)
            pending.Complete(list);
    }
}

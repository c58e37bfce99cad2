using System.Collections.Concurrent;

namespace Burrow.Queues;

/// <summary>What this process keeps of a queue that it serves: groups under way, those who wait. Nothing that storage relies on.</summary>
internal sealed class QueueState
{
    private readonly ConcurrentDictionary<TakeKind, GroupCommit<TakeRequest, MessageList>> takes = new();
    private readonly Func<TakeKind, GroupCommit<TakeRequest, MessageList>> newTakes;

    public QueueState(
        QueueContext context,
        DueTable due,
        QueueDirectory directory,
        Transactions transactions,
        Counts counts,
        IAnnouncer announcer,
        QueueAddress queue,
        Action<QueueState> manyDue)
    {
        Address = queue;
        Waiters = new Waiters(context, queue, Changed);
        Puts = new("put", new Puts(context, due, directory, counts, announcer, queue, Changed.Set).ServeAsync, _ => 1, 256);
        newTakes = kind => new(
            kind.Remove ? "take" : "claim",
            new Takes(context, transactions, queue, kind, () => manyDue(this)).ServeAsync, request => request.Limit, Queues.Takes.Most);
    }

    public QueueAddress Address { get; }

    /// <summary>A message was put here or became visible.</summary>
    public Signal Changed { get; } = new();

    public Waiters Waiters { get; }

    public GroupCommit<PutRequest, PutResult> Puts { get; }

    /// <summary>1 while this process moves the queue's due messages into the visible line.</summary>
    public int Promoting;

    /// <summary>When it was last asked for, in ticks.</summary>
    public long Used { get; set; }

    public bool IsIdle => Puts.IsIdle && Waiters.IsIdle && takes.Values.All(group => group.IsIdle);

    public GroupCommit<TakeRequest, MessageList> Takes(TakeKind kind)
    {
        // Kinds differ by parameters that clients choose; those that nobody uses any more are let go.
        if (takes.Count > 64)
        {
            foreach (var (old, group) in takes)
            {
                if (group.IsIdle)
                    takes.TryRemove(old, out _);
            }
        }

        return takes.GetOrAdd(kind, newTakes);
    }
}

using System.Collections.Concurrent;
using Burrow.Queues.Changing;
using Burrow.Queues.Claiming;
using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Putting;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Waiting;

namespace Burrow.Queues;

/// <summary>What this process keeps of a queue that it serves: groups under way, those who wait. Nothing that storage relies on.</summary>
internal sealed class QueueState
{
    private readonly ConcurrentDictionary<ClaimKind, GroupCommit<ClaimRequest, MessageList>> claims = new();
    private readonly Func<ClaimKind, GroupCommit<ClaimRequest, MessageList>> newClaims;

    public QueueState(
        QueueContext context,
        DueTable due,
        QueueDirectory directory,
        Transactions transactions,
        Counts counts,
        IEventOutbox announcer,
        QueueAddress queue,
        Action<QueueState> manyDue)
    {
        Address = queue;
        Waiters = new QueuePoller(context, queue, Changed);
        Puts = new("put", new PutGroup(context, due, directory, counts, announcer, queue, Changed.Set).ServeAsync, _ => 1, 256);
        newClaims = kind => new(
            kind.Remove ? "take" : "claim",
            new ClaimGroup(context, transactions, queue, kind, () => manyDue(this)).ServeAsync, request => request.Limit, ClaimGroup.Max);
    }

    public QueueAddress Address { get; }

    /// <summary>A message was put here or became visible.</summary>
    public ChangeSignal Changed { get; } = new();

    public QueuePoller Waiters { get; }

    public GroupCommit<PutRequest, PutResult> Puts { get; }

    /// <summary>1 while this process moves the queue's due messages into the visible line.</summary>
    public int Promoting;

    /// <summary>When it was last asked for, in ticks.</summary>
    public long Used { get; set; }

    public bool IsIdle => Puts.IsIdle && Waiters.IsIdle && claims.Values.All(group => group.IsIdle);

    public GroupCommit<ClaimRequest, MessageList> ClaimsOf(ClaimKind kind)
    {
        // Kinds differ by parameters that clients choose; those that nobody uses any more are let go.
        if (claims.Count > 64)
        {
            foreach (var (old, group) in claims)
            {
                if (group.IsIdle)
                    claims.TryRemove(old, out _);
            }
        }

        return claims.GetOrAdd(kind, newClaims);
    }
}

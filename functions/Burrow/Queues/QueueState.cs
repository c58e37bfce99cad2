using System.Collections.Concurrent;
using Burrow.Queues.Claiming;
using Burrow.Queues.Scheduling;
using Burrow.Queues.Waiting;

namespace Burrow.Queues;

/// <summary>
/// The state that this process keeps of a queue that it serves: groups under way, and waiting requests. Nothing in storage relies on
/// it.
/// </summary>
internal sealed class QueueState(
    QueueAddress queue,
    ChangeSignal changed,
    QueuePoller poller,
    GroupCommit<PutRequest, PutResult> puts,
    Func<ClaimKind, GroupCommit<ClaimRequest, MessageList>> newClaims)
{
    /// <summary>How many kinds of claims are kept. They differ by parameters that clients choose, so idle kinds are removed.</summary>
    private const int MaxClaimKinds = 64;

    private readonly ConcurrentDictionary<ClaimKind, GroupCommit<ClaimRequest, MessageList>> claims = new();

    public QueueAddress Address => queue;

    /// <summary>Set when the waiting requests should look again. Often there is a new message, but not always.</summary>
    public ChangeSignal Changed => changed;

    /// <summary>Watches storage for the waiting requests.</summary>
    public QueuePoller Poller => poller;

    public GroupCommit<PutRequest, PutResult> Puts => puts;

    /// <summary>Whether no request is under way or waiting.</summary>
    public bool IsIdle => puts.IsIdle && poller.IsIdle && claims.Values.All(group => group.IsIdle);

    public GroupCommit<ClaimRequest, MessageList> ClaimsOf(ClaimKind kind)
    {
        if (claims.Count > MaxClaimKinds)
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

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
    Func<ClaimKind, GroupCommit<ClaimRequest, MessageList>> newClaims,
    Func<MessageSelection, GroupCommit<MessageSelection, MessageList>> newLists)
{
    /// <summary>How many kinds of requests are kept. They differ by parameters that clients choose, so idle kinds are removed.</summary>
    private const int MaxKinds = 64;

    private readonly ConcurrentDictionary<ClaimKind, GroupCommit<ClaimRequest, MessageList>> claims = new();
    private readonly ConcurrentDictionary<MessageSelection, GroupCommit<MessageSelection, MessageList>> lists = new();

    public QueueAddress Address => queue;

    /// <summary>Set when the waiting requests should look again. Often there is a new message, but not always.</summary>
    public ChangeSignal Changed => changed;

    /// <summary>Watches storage for the waiting requests.</summary>
    public QueuePoller Poller => poller;

    public GroupCommit<PutRequest, PutResult> Puts => puts;

    /// <summary>Whether no request is under way or waiting.</summary>
    public bool IsIdle =>
        puts.IsIdle && poller.IsIdle && claims.Values.All(group => group.IsIdle) && lists.Values.All(group => group.IsIdle);

    public GroupCommit<ClaimRequest, MessageList> ClaimsOf(ClaimKind kind) => GroupOf(claims, kind, newClaims);

    /// <summary>The lists of one selection that wait. One read answers all of them.</summary>
    public GroupCommit<MessageSelection, MessageList> ListsOf(MessageSelection selection) =>
        GroupOf(lists, selection with { Memory = null }, newLists);

    private static GroupCommit<TRequest, MessageList> GroupOf<TKind, TRequest>(
        ConcurrentDictionary<TKind, GroupCommit<TRequest, MessageList>> all,
        TKind kind,
        Func<TKind, GroupCommit<TRequest, MessageList>> make)
        where TKind : notnull
    {
        if (all.Count > MaxKinds)
        {
            foreach (var (old, group) in all)
            {
                if (group.IsIdle)
                    all.TryRemove(old, out _);
            }
        }

        return all.GetOrAdd(kind, make);
    }
}

using Burrow.Queues.Reading;
using PendingClaim = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.Claiming.ClaimRequest, Burrow.Queues.MessageList>;

namespace Burrow.Queues.Claiming;

/// <summary>The share that one request of a group gets of the messages claimed for the whole group.</summary>
internal sealed class ClaimShare(PendingClaim pending, Detail detail)
{
    private readonly BoundedAnswer answer = new(MaxOf(pending.Request.Limit, detail), pending.Request.Memory, detail != Detail.None)
    {
        IsByTurn = true,
    };

    private bool isCompleted;

    /// <summary>How many more messages the share takes.</summary>
    public int Wanted => answer.Wanted;

    public bool IsFull => answer.Wanted == 0;

    /// <summary>Whether the client has gone.</summary>
    public bool IsCancelled => pending.IsCancelled;

    /// <inheritdoc cref="BoundedAnswer.TryReserve"/>
    public bool TryReserve(long size) => answer.TryReserve(size);

    /// <inheritdoc cref="BoundedAnswer.Release"/>
    public void Release(long size) => answer.Release(size);

    public void Add(Message message) => answer.Add(message);

    /// <summary>Answers the request, once, with the messages that are certainly claimed.</summary>
    /// <param name="end">How the last pass for it ended.</param>
    public void Complete(PassResult end)
    {
        // After the first call, the list belongs to the caller.
        if (isCompleted)
            return;
        isCompleted = true;
        var isUnknown = end is PassResult.Conflict or PassResult.Failed;
        if (answer.Count > 0)
        {
            var more = end != PassResult.Done || answer.IsCut || (IsFull && answer.Count < pending.Request.Limit);
            pending.Complete(answer.ToList(more));
        }
        else if (isUnknown)
        {
            pending.Fail(new UnavailableException(
                "It is unknown whether messages were claimed: storage failed, or other requests were faster for 20 s."));
        }
        else
        {
            pending.Complete(end switch
            {
                PassResult.Paused => MessageList.OfPaused,
                PassResult.Groups => MessageList.OfGroups,
                _ => MessageList.Empty,
            });
        }
    }

    private static int MaxOf(int limit, Detail detail) => detail == Detail.None ? limit : Math.Min(limit, QueueLimits.AnswerItems);
}

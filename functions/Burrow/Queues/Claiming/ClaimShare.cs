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

    /// <inheritdoc cref="BoundedAnswer.TryReserve"/>
    public bool TryReserve(long size) => answer.TryReserve(size);

    /// <inheritdoc cref="BoundedAnswer.Release"/>
    public void Release(long size) => answer.Release(size);

    public void Add(Message message) => answer.Add(message);

    /// <summary>Answers the request, once, with the messages that are certainly claimed.</summary>
    /// <param name="isUnknown">
    /// Whether more messages may have been claimed, or more were available. Then an empty answer becomes an error, and any other answer
    /// says that there is more.
    /// </param>
    /// <param name="more">Whether more are available, and the answer ends here nevertheless.</param>
    public void Complete(bool isUnknown, bool more = false)
    {
        // After the first call, the list belongs to the caller.
        if (isCompleted)
            return;
        isCompleted = true;
        if (answer.Count == 0 && isUnknown)
        {
            pending.Fail(new UnavailableException(
                "It is unknown whether messages were claimed: storage failed, or other requests were faster for 20 s."));
        }
        else
        {
            more |= answer.IsCut || isUnknown || (IsFull && answer.Count < pending.Request.Limit);
            pending.Complete(answer.Count == 0 ? MessageList.Empty : answer.ToList(more));
        }
    }

    private static int MaxOf(int limit, Detail detail) => detail == Detail.None ? limit : Math.Min(limit, QueueLimits.AnswerItems);
}

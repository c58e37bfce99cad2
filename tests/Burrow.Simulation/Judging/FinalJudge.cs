using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Judges at the end that a request or expiry caused every change.</summary>
internal sealed class FinalJudge(Timeline timeline, RequestLog requests)
{
    /// <summary>How long storage may still carry out what a request had sent, after the request was given up.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(2);

    /// <summary>
    /// A change that no answer shows must be an expiry, or come from a request whose client got no answer or an answer that can't
    /// show it. No other message may be lost or hidden.
    /// </summary>
    public void JudgeUntold()
    {
        foreach (var change in timeline.Queues.SelectMany(queue => queue.Messages).SelectMany(message => message.Changes))
        {
            if (change.Request is not null || change.Kind is ChangeKind.Put or ChangeKind.Promotion or ChangeKind.Readying
                or ChangeKind.Freeing or ChangeKind.Burial)
            {
                continue;
            }

            if (change.Kind == ChangeKind.Removal
                && change.Before!.DiesAt is null
                && change.Before!.State.ExpiresAt + QueueLimits.ClockSkew.Ticks <= change.By.Clock(change.At))
            {
                continue;
            }

            // A put in the stead of an expired message of a group removes that message first.
            if (change.Kind == ChangeKind.Removal
                && change.Before!.State.Group is not null
                && change.Before.LifeAt(change.By.Clock(change.At)) == MessageLife.None
                && requests.All.Exists(request => request.Kind == RequestKind.Put
                    && request.Id == change.Message.Id && request.Instance == change.By && request.Started <= change.At))
            {
                continue;
            }

            if (!requests.All.Exists(request => MayHaveDone(request, change)))
                throw new Violation($"No answer reports this change, and no request may have made it: {change}.");
        }
    }

    /// <summary>Judges that every request has ended by now.</summary>
    public void JudgeEnded()
    {
        foreach (var request in requests.All)
        {
            if (request.Fate == RequestFate.Open)
                throw new Violation($"{request} was never answered.");
        }
    }

    private bool MayHaveDone(Request request, Change change)
    {
        if (request.Instance != change.By || request.Started > change.At || !Covers(request, change))
            return false;
        var isUnknown = request.Fate is RequestFate.Failed or RequestFate.Lost;
        if (!isUnknown && !(request.MayHaveDoneMore && request.Fate == RequestFate.Answered))
            return false;
        if (change.At.Ticks > request.Ended.Ticks + Late.Ticks)
            return false;
        var delivers = request.Kind is RequestKind.UpdateAll or RequestKind.DeleteAll;
        return AnswerJudge.Disallowed(timeline, request, change, delivers) is null;
    }

    private static bool Covers(Request request, Change change) => request.Kind switch
    {
        RequestKind.Update => change.Kind == ChangeKind.Update && request.Queue == change.Queue && request.Id == change.Message.Id,
        RequestKind.Delete => change.Kind == ChangeKind.Removal && request.Queue == change.Queue && request.Id == change.Message.Id,
        RequestKind.Settle => change.Kind == (request.Outcome!.Kind == OutcomeKind.Done ? ChangeKind.Removal : ChangeKind.Update)
            && request.Queue == change.Queue && request.Id == change.Message.Id,
        RequestKind.Redrive => change.Kind == ChangeKind.Redrive && request.Queue == change.Queue && request.Id == change.Message.Id,
        RequestKind.Purge => change.Kind == ChangeKind.Removal && request.Queue == change.Queue && request.Id == change.Message.Id,
        RequestKind.RedriveAll => change.Kind == ChangeKind.Redrive && request.Queue == change.Queue,
        RequestKind.PurgeAll => change.Kind == ChangeKind.Removal && request.Queue == change.Queue,
        RequestKind.UpdateAll => change.Kind == ChangeKind.Update && request.Queue == change.Queue,
        RequestKind.DeleteAll => change.Kind == ChangeKind.Removal && request.Queue == change.Queue,
        RequestKind.DeleteQueues => change.Kind == ChangeKind.Removal && request.Account == change.Queue.Account,
        RequestKind.DeleteAccounts => change.Kind == ChangeKind.Removal,
        _ => false,
    };
}

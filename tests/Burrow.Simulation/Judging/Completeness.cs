using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Judges whether an answer has everything that it must have.</summary>
internal sealed class Completeness(Timeline timeline)
{
    /// <summary>
    /// The longest time from when a message becomes visible until a waiting request is answered with it, where nothing is slow.
    /// </summary>
    private static readonly TimeSpan Promptness = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Judges that the answer passes over no message that matched all the while. A list that shows a message also shows every
    /// matching one that was put before it while the list was read.
    /// </summary>
    public void Judge(Request request, MessageList list, bool isCut)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var changes = request.Kind != RequestKind.List;
        if (changes && request.StorageFailed)
            return;
        // The client went away in the middle. What was done by then is answered, and reaches no client.
        if (changes && request.IsAbandoned && list.More)
            return;
        // Other requests were faster for so long that this one gave up, and its answer says so.
        if (IsTake(request) && list.More && TimeSpan.FromTicks(request.Ended.Ticks - request.Started.Ticks) > QueueLimits.ConflictTime)
            return;
        var isTake = IsTake(request);
        var last = list.Messages.Count == 0 ? Sequence.None : list.Messages[^1].Sequence;
        var start = request.Selection.After ?? Marker(queue, request, MessageLife.Live);
        var shown = list.Messages.Select(message => message.Sequence).ToHashSet();
        foreach (var message in queue.Messages)
        {
            if (message.Sequence <= start || (isCut && IsBehind(message)) || shown.Contains(message.Sequence))
                continue;
            // A message put meanwhile must be in a list that has one put later still. A wait reads anew; a change ends at the line's end.
            var since = message.Inserted > span.From && message.Sequence < last && !changes ? span.Within(message.Inserted, span.To) : span;
            if (!message.AlwaysMatches(since, request.Selection.MatchHidden))
                continue;
            // What waits behind its group is not handed out.
            if (request.HandsOut && message.Ever(since, (version, _) => version.State.IsWaiting))
                continue;
            // A claim of the first few messages passes over one that another request changes at that time.
            if (isTake && message.ChangesIn(since).Any(change => change.Kind != ChangeKind.Promotion))
                continue;
            // A hidden message may change place twice while the request reads, so the request may miss it (docs/decisions/queues.md).
            if (request.Selection.MatchHidden && message.ChangesIn(since).Count() > 1)
                continue;
            AnswerJudge.Fail(
                request,
                $"passes over {message.Id} ({message.Sequence}), "
                + $"which it was to have{(list.Messages.Count == 0 ? "" : $", and has {last}")}");
        }

        // Claims and takes hand out by priority, everything else goes by the order of the puts.
        bool IsBehind(MessageTimeline message)
        {
            if (list.Messages.Count == 0)
                return true;
            var (priority, lowest) = (message.Latest.State.Priority, list.Messages[^1].Priority);
            return isTake && priority != lowest ? priority < lowest : message.Sequence > last;
        }
    }

    /// <summary>Judges that a list of dead messages, or a change of them, passes over none that was buried all the while.</summary>
    public void JudgeDead(Request request, MessageList list, bool isCut)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var start = request.Selection.After ?? Marker(queue, request, MessageLife.Dead);
        var end = !isCut ? Sequence.Last : list.Messages.Count == 0 ? Sequence.None : list.Messages[^1].Sequence;
        var shown = list.Messages.Select(message => message.Sequence).ToHashSet();
        var missed = queue.Messages.Find(message => message.Sequence > start
            && message.Sequence <= end
            && !shown.Contains(message.Sequence)
            && message.Always(span, (version, part) => version.State.DiedAt != 0 && version.LifeAt(part.LatestClock) == MessageLife.Dead));
        AnswerJudge.Require(missed is null, request, $"passes over the dead {missed?.Id}");
    }

    public static bool IsTake(Request request) =>
        request.Kind != RequestKind.List
        && request.Selection is { MatchHidden: false, Marker: null, After: null, Limit: not null }
        && (request.Kind == RequestKind.DeleteAll || request.Attributes.Hide > 0);

    /// <summary>Judges that without a limit every message that was there is done.</summary>
    public void JudgeAllDone(Request request)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var start = request.Selection.After ?? Marker(queue, request, MessageLife.Live);
        foreach (var message in queue.Messages.Where(
            message => message.Sequence > start && message.AlwaysMatches(span, request.Selection.MatchHidden)))
        {
            var done = message.ChangesIn(span).Any(
                change => change.By == request.Instance && (change.After is null || change.Kind == ChangeKind.Update));
            var moved = (request.Selection.MatchHidden && message.ChangesIn(span).Count() > 1)
                || (request.HandsOut && message.Ever(span, (version, _) => version.State.IsWaiting));
            AnswerJudge.Require(
                done || moved || (request.Kind == RequestKind.UpdateAll && request.Attributes.IsEmpty), request, $"left {message.Id}");
        }
    }

    /// <summary>The place that a marker may stand for; the last one if several are possible.</summary>
    private static Sequence Marker(QueueTimeline queue, Request request, MessageLife which)
    {
        if (request.Selection.Marker is not { } marker)
            return Sequence.None;
        var markers = queue.Messages.Where(message => message.Id == marker && message.Ever(request.Span, which)).ToList();
        return markers.Count == 0 ? Sequence.None : markers[^1].Sequence;
    }

    /// <summary>Judges that, where nothing is slow or fails, a message that is there wakes a waiting request.</summary>
    public void JudgePrompt(Request request, MessageList list)
    {
        if (!request.Instance.IsCalm || request.Wait == TimeSpan.Zero || list.Count > 0)
            return;
        var (queue, span) = (timeline[request.Queue!], request.Span);
        if (request.Kind != RequestKind.List && queue.PoliciesIn(span).Any(policy => policy.Paused))
            return;
        var start = request.Selection.After ?? Marker(queue, request, MessageLife.Live);
        foreach (var message in queue.Messages.Where(message => message.Sequence > start))
        {
            foreach (var (version, part) in message.Parts(span).Where(part => !request.HandsOut || !part.Version.State.IsWaiting))
            {
                var visible = Math.Max(part.EarliestClock, request.Selection.MatchHidden ? 0 : version.State.VisibleAt);
                var until = Math.Min(part.LatestClock, version.DiesAt ?? (version.State.DiedAt != 0 ? 0 : version.State.ExpiresAt));
                AnswerJudge.Require(
                    until - visible < Promptness.Ticks,
                    request,
                    $"waited in vain while {message.Id} was there for {TimeSpan.FromTicks(until - visible)}");
            }
        }
    }
}

using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Whether an answer has all that it was to have.</summary>
internal sealed class Completeness(Timeline timeline)
{
    /// <summary>Longest time from a message's becoming visible to its waiter's answer, where nothing is slow.</summary>
    private static readonly TimeSpan Promptness = TimeSpan.FromSeconds(2);

    /// <summary>Nothing is passed over that matched all the while, nor comes after what was put later.</summary>
    public void Judge(Request request, MessageList list, bool isCut)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var changes = request.Kind != RequestKind.List;
        if (changes && request.StorageFailed)
            return;
        // Others were ahead for so long that it gave up, and says so.
        if (IsTake(request) && list.More && TimeSpan.FromTicks(request.Ended.Ticks - request.Started.Ticks) > QueueLimits.ConflictTime)
            return;
        var last = list.Messages.Count == 0 ? Sequence.None : list.Messages[^1].Sequence;
        var end = isCut ? last : Sequence.Last;
        var start = request.Selection.After ?? Marker(queue, request);
        var shown = list.Messages.Select(message => message.Sequence).ToHashSet();
        foreach (var message in queue.Messages)
        {
            if (message.Sequence <= start || message.Sequence > end || shown.Contains(message.Sequence))
                continue;
            // What came later has to be there if what came later still is. A wait begins anew, a change ends at the line's end.
            var since = message.Inserted > span.From && message.Sequence < last && !changes ? span.Within(message.Inserted, span.To) : span;
            if (!message.AlwaysMatches(since, request.Selection.MatchHidden))
                continue;
            // A claim of the first few passes over what another request changes just then.
            if (IsTake(request) && message.ChangesIn(since).Any(change => change.Kind != ChangeKind.Promotion))
                continue;
            // Hidden ones may change place behind the back of whoever reads (docs/decisions/queues.md).
            if (request.Selection.MatchHidden && message.ChangesIn(since).Count() > 1)
                continue;
            AnswerJudge.Fail(
                request,
                $"passes over {message.Id} ({message.Sequence}), which it was to have{(list.Messages.Count == 0 ? "" : $", and has {last}")}");
        }
    }

    private static bool IsTake(Request request) =>
        request.Kind != RequestKind.List
        && request.Selection is { MatchHidden: false, Marker: null, After: null, Limit: not null }
        && (request.Kind == RequestKind.DeleteAll || request.Attributes.Hide > 0);

    /// <summary>Without a limit, all that stood there is done.</summary>
    public void JudgeAllDone(Request request)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var start = request.Selection.After ?? Marker(queue, request);
        foreach (var message in queue.Messages.Where(
            message => message.Sequence > start && message.AlwaysMatches(span, request.Selection.MatchHidden)))
        {
            var done = message.ChangesIn(span).Any(
                change => change.By == request.Instance && (change.After is null || change.Kind == ChangeKind.Update));
            var moved = request.Selection.MatchHidden && message.ChangesIn(span).Count() > 1;
            AnswerJudge.Require(
                done || moved || (request.Kind == RequestKind.UpdateAll && request.Attributes.IsEmpty), request, $"left {message.Id}");
        }
    }

    /// <summary>The place a marker may stand for; the last, if it is not certain.</summary>
    private static Sequence Marker(QueueTimeline queue, Request request)
    {
        if (request.Selection.Marker is not { } marker)
            return Sequence.None;
        var markers = queue.Messages.Where(message => message.Id == marker && message.EverLive(request.Span)).ToList();
        return markers.Count == 0 ? Sequence.None : markers[^1].Sequence;
    }

    /// <summary>Where nothing is slow or fails, who waits is woken by what there is.</summary>
    public void JudgePrompt(Request request, MessageList list)
    {
        if (!request.Instance.IsCalm || request.Wait == TimeSpan.Zero || list.Count > 0)
            return;
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var start = request.Selection.After ?? Marker(queue, request);
        foreach (var message in queue.Messages.Where(message => message.Sequence > start))
        {
            foreach (var (version, part) in message.Parts(span))
            {
                var visible = Math.Max(part.EarliestClock, request.Selection.MatchHidden ? 0 : version.State.VisibleAt);
                var until = Math.Min(part.LatestClock, version.State.ExpiresAt);
                AnswerJudge.Require(
                    until - visible < Promptness.Ticks,
                    request,
                    $"waited in vain while {message.Id} was there for {TimeSpan.FromTicks(until - visible)}");
            }
        }
    }
}

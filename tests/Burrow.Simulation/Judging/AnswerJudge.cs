using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Judges each answer by what really was while the request was under way (docs/reference/api.md).</summary>
internal sealed class AnswerJudge(Timeline timeline)
{
    /// <summary>
    /// After this, a request may have given up: because of conflicts for 20 s, or a message that moved 20 times while being read.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Completeness completeness = new(timeline);

    public void Put(Request request, PutResult result)
    {
        Require(request.Change is not null, request, "was acknowledged, and not stored");
        var change = request.Change!;
        Require(change.After!.State.Revisions.Latest == result.Receipt.Value, request, "was given another receipt");
        Require(
            result.Created == change.Before is null,
            request,
            result.Created ? "replaced, and said it was new" : "was new, and said it replaced");
    }

    /// <summary>Judges a 412, which means that the request was not carried out.</summary>
    public void Refused(Request request)
    {
        Require(request.Change is null, request, "was refused, and carried out");
        var queue = timeline[request.Queue!];
        var span = request.Span;
        var mayBeMissing = request.Kind == RequestKind.Put && !queue.AlwaysLive(request.Id!.Value, span);
        var fails = queue.Messages.Where(message => message.Id == request.Id && message.EverLive(span))
            .SelectMany(message => message.Parts(span))
            .Any(part => request.Precondition.Failure(new Receipt(part.Version.State.Revisions.Latest)) is not null);
        Require(
            fails || (mayBeMissing && request.Precondition.Failure(null) is not null),
            request,
            "was refused, though its condition always held");
    }

    /// <summary>Judges a 503. It may only occur where storage failed, or after long conflicts with other requests.</summary>
    public void Failed(Request request) => Require(
        request.StorageFailed
            || (!request.Instance.IsCalm && request.Ended.Ticks - request.Started.Ticks > Patience.Ticks),
        request,
        "failed, and storage had not");

    public void Get(Request request, Message? message)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        if (message is null)
        {
            Require(!queue.AlwaysLive(request.Id!.Value, span), request, "found nothing, and it was there");
            return;
        }

        RequireShown(request, message, matchHidden: true);
    }

    /// <summary>Judges an update or a deletion of one message.</summary>
    public void Change(Request request, Message? message)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        if (message is null)
            Require(!queue.AlwaysLive(request.Id!.Value, span), request, "found nothing, and it was there");
        else if (request.Kind == RequestKind.Update && request.Attributes.IsEmpty)
            RequireShown(request, message, matchHidden: true);
        else
            Changed(request, message, delivers: false);
    }

    public void Names(Request request, NameList list) => NamesJudge.Judge(timeline, request, list);

    public void List(Request request, MessageList list)
    {
        RequireOrder(request, list);
        foreach (var message in list.Messages)
            RequireShown(request, message, request.Selection.MatchHidden);
        var selection = request.Selection;
        var isCut = list.More || list.Messages.Count == selection.Limit;
        completeness.Judge(request, list, isCut);
        completeness.JudgePrompt(request, list);
    }

    /// <summary>Judges an update or a deletion of the messages that match in a queue.</summary>
    public void ChangeAll(Request request, MessageList list)
    {
        var selection = request.Selection;
        var failed = request.StorageFailed;
        var isFull = list.Count == selection.Limit;
        // Where storage failed in the middle, the answer holds only what is certain. Without detail, it doesn't show what the request did.
        request.MayHaveDoneMore = selection.Detail == Detail.None || (failed && !isFull);
        Require(selection.Limit is null || list.Count <= selection.Limit, request, $"did {list.Count}");
        Require(
            !list.More || failed || request.Ended.Ticks - request.Started.Ticks > Patience.Ticks || isFull,
            request,
            "says that there is more, for no reason");
        RequireOrder(request, list);
        if (request.Kind == RequestKind.UpdateAll && request.Attributes.IsEmpty)
        {
            foreach (var message in list.Messages)
                RequireShown(request, message, selection.MatchHidden);
        }
        else
        {
            foreach (var message in list.Messages)
                Changed(request, message, delivers: true);
        }

        if (selection.Detail != Detail.None)
            completeness.Judge(request, list, isCut: list.More || isFull);
        else if (selection.Limit is null && !list.More && !failed)
            completeness.JudgeAllDone(request);
        completeness.JudgePrompt(request, list);
    }

    private void RequireShown(Request request, Message message, bool matchHidden)
    {
        var there = timeline[request.Queue!].Find(message.Sequence);
        Require(there is not null, request, $"shows {message.Id} at a place where none was");
        var difference = "no version of that time";
        foreach (var (version, span) in there!.Parts(request.Span))
        {
            difference = Rules.Difference(message, version, request.Detail, span with { To = request.Ended });
            if (difference is null)
            {
                if (version.IsLive(span.EarliestClock) && (matchHidden || version.IsVisible(span.LatestClock)))
                    return;
                difference = "hidden or expired";
            }
        }

        Fail(request, $"shows {message.Id} as it was not: {difference}");
    }

    /// <summary>
    /// Judges a message that the answer says was changed. It must have changed in exactly this way, once, and no other request may
    /// have this change in its answer.
    /// </summary>
    private void Changed(Request request, Message message, bool delivers)
    {
        var removes = request.Kind is RequestKind.Delete or RequestKind.DeleteAll;
        var there = timeline[request.Queue!].Find(message.Sequence);
        var change = there?.Changes.Find(change => removes
            ? change.Kind == ChangeKind.Removal
            : change.Kind == ChangeKind.Update && change.After!.State.Revisions.Latest == message.Receipt.Value);
        Require(change is not null, request, $"says that it changed {message.Id}, and did not");
        Require(change!.Request is null, request, $"was given {message.Id}, as was {change.Request}");
        Require(
            change.By == request.Instance && change.At >= request.Started && change.At <= request.Ended,
            request,
            $"was given {message.Id}, by {change}");
        change.Request = request;
        RequireAllowed(request, change, delivers);
        if (Rules.Difference(message, change.After ?? change.Before!, request.Detail, request.Span) is { } difference)
            Fail(request, $"shows {message.Id} as it was not: {difference}");
    }

    /// <summary>
    /// Whether a request may make a change: its precondition holds, the message matches, and what the request sets is set.
    /// </summary>
    /// <returns>Null if it may; else the reason.</returns>
    public static string? Disallowed(Request request, Change change, bool delivers)
    {
        var span = request.Span.Within(request.Started, change.At);
        var before = change.Before!;
        if (!before.IsLive(span.Within(before.From, span.To).EarliestClock))
            return "had expired";
        if (request.Precondition.Failure(new Receipt(before.State.Revisions.Latest)) is not null)
            return "has another receipt than was asked for";
        if (delivers && !request.Selection.MatchHidden && !before.IsVisible(span.LatestClock))
            return "is hidden, perhaps claimed by another";
        if (delivers && request.Selection.After is { } after && change.Message.Sequence <= after)
            return "stands before the place asked for";
        return change.After is { } version && !Rules.Fits(request.Attributes, delivers, before.State, version.State, span)
            ? $"is set otherwise: {before.State} to {version.State}" : null;
    }

    private static void RequireAllowed(Request request, Change change, bool delivers)
    {
        if (Disallowed(request, change, delivers) is { } reason)
            Fail(request, $"changed {change.Message.Id}, which {reason}");
    }

    private void RequireOrder(Request request, MessageList list)
    {
        for (var i = 1; i < list.Messages.Count; i++)
            Require(list.Messages[i - 1].Sequence < list.Messages[i].Sequence, request, "is out of order");
        Require(request.Selection.Limit is not { } limit || list.Messages.Count <= limit, request, "shows too many");
        if (request.Selection.After is { } after && list.Messages.Count > 0)
            Require(list.Messages[0].Sequence > after, request, "shows what stands before");
        var marker = timeline[request.Queue!].Messages.Find(
            message => message.Id == request.Selection.Marker && message.AlwaysLive(request.Span));
        if (marker is not null && list.Messages.Count > 0)
            Require(list.Messages[0].Sequence > marker.Sequence, request, "shows what stands before its marker");
    }

    internal static void Require(bool holds, Request request, string otherwise)
    {
        if (!holds)
            Fail(request, otherwise);
    }

    internal static void Fail(Request request, string message) => throw new Violation($"{request} {message}.");
}

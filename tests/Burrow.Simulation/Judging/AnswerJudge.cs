using Burrow.Queues;
using Burrow.Simulation.World;

namespace Burrow.Simulation.Judging;

/// <summary>Judges what a request was answered by what really was while it was under way (the protocol, sections 1 and 2).</summary>
internal sealed class AnswerJudge(Timeline timeline)
{
    /// <summary>Beyond this, a request may have given up: conflicts for 20 s, a message that moved 20 times while it was read.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Longest time from a message's becoming visible to its waiter's answer, where nothing is slow.</summary>
    private static readonly TimeSpan Promptness = TimeSpan.FromSeconds(2);

    public void Put(Request request, PutResult result)
    {
        Require(request.Change is not null, request, "was acknowledged, and not stored");
        var change = request.Change!;
        Require(change.After!.State.Revisions.Latest == result.Receipt.Value, request, "was given another receipt");
        Require(result.Created == change.Before is null, request, result.Created ? "replaced, and said it was new" : "was new, and said it replaced");
    }

    /// <summary>412, in place of what was asked for.</summary>
    public void Refused(Request request)
    {
        Require(request.Change is null, request, "was refused, and carried out");
        var queue = timeline[request.Queue!];
        var span = request.Span;
        var mayBeMissing = request.Kind == RequestKind.Put && !queue.AlwaysLive(request.Id!.Value, span);
        var fails = queue.Messages.Where(message => message.Id == request.Id && message.EverLive(span))
            .SelectMany(message => message.Parts(span))
            .Any(part => request.Precondition.Failure(new Receipt(part.Version.State.Revisions.Latest)) is not null);
        Require(fails || (mayBeMissing && request.Precondition.Failure(null) is not null), request, "was refused, though its condition always held");
    }

    /// <summary>503: only where storage failed, or after a long fight.</summary>
    public void Failed(Request request) => Require(
        request.Instance.FailedBetween(request.Started, request.Ended)
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

    /// <summary>An update or a deletion of one message.</summary>
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

    public void List(Request request, MessageList list)
    {
        RequireOrder(request, list);
        foreach (var message in list.Messages)
            RequireShown(request, message, request.Selection.MatchHidden);
        var selection = request.Selection;
        var isCut = list.More || list.Messages.Count == selection.Limit;
        RequireComplete(request, list, isCut, limit: selection.Limit);
        RequirePrompt(request, list);
    }

    /// <summary>An update or a deletion of what matches in a queue.</summary>
    public void ChangeAll(Request request, MessageList list)
    {
        var selection = request.Selection;
        var failed = request.Instance.FailedBetween(request.Started, request.Ended);
        var isFull = list.Count == selection.Limit;
        // Where storage failed in the middle, what is certain is answered; and without detail, what it did isn't told.
        request.MayHaveDoneMore = selection.Detail == Detail.None || (failed && !isFull);
        Require(selection.Limit is null || list.Count <= selection.Limit, request, $"did {list.Count}");
        Require(!list.More || failed || request.Ended.Ticks - request.Started.Ticks > Patience.Ticks || isFull, request, "says that there is more, for no reason");
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
            RequireComplete(request, list, isCut: list.More || isFull || failed, limit: selection.Limit);
        else if (selection.Limit is null && !list.More && !failed)
            RequireAllDone(request);
        RequirePrompt(request, list);
    }

    public void Names(Request request, NameList list)
    {
        var names = request.Kind is RequestKind.Accounts or RequestKind.DeleteAccounts
            ? timeline.Accounts.Select(account => (Name: account.Value, Queues: timeline.Of(account).ToList()))
            : timeline.Of(request.Account!.Value).Select(queue => (Name: queue.Address.Queue.Value, Queues: new List<QueueTimeline> { queue }));
        var span = request.Span;
        var all = names.OrderBy(name => name.Name, ByCodePoint).ToList();
        var shown = list.Names.ToList();
        var deletes = request.Kind is RequestKind.DeleteAccounts or RequestKind.DeleteQueues;
        Require(shown.SequenceEqual(shown.Order(ByCodePoint).Distinct()), request, "is out of order");
        Require(request.Names.Limit is null || shown.Count <= request.Names.Limit, request, "shows too many");
        foreach (var name in shown)
            Require(all.Single(one => one.Name == name).Queues.Exists(queue => queue.Messages.Exists(message => message.EverLive(span))), request, $"shows {name}, which was empty");

        var marker = request.Names.Marker;
        var markerQueues = all.Where(name => name.Name == marker).SelectMany(name => name.Queues).ToList();
        var after = markerQueues.Exists(queue => queue.Messages.Exists(message => message.EverLive(span))) ? marker : null;
        var isCut = list.More || shown.Count == request.Names.Limit;
        foreach (var (name, queues) in all)
        {
            // What was there all the while is there for whoever comes by, whenever that is.
            if (queues.Exists(queue => queue.Messages.Exists(message => deletes ? StoodAtFirst(message, span) && message.Ended > span.To && message.AlwaysLive(span) : message.AlwaysLive(span)))
                && (after is null || ByCodePoint.Compare(name, after) > 0)
                && !(isCut && (shown.Count == 0 || ByCodePoint.Compare(name, shown[^1]) > 0)))
            {
                Require(shown.Contains(name), request, $"misses {name}");
            }
        }

        if (!deletes)
            return;
        request.MayHaveDoneMore = true;
        foreach (var queue in all.Where(name => shown.Contains(name.Name)).SelectMany(name => name.Queues).Where(_ => !list.More))
        {
            foreach (var message in queue.Messages)
                Require(!message.AlwaysLive(span), request, $"left {message.Id}");
        }
    }

    private static bool StoodAtFirst(MessageTimeline message, Span span) => message.Inserted <= span.From;

    private static readonly Comparer<string> ByCodePoint = Comparer<string>.Create(
        (a, b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b)));

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

    /// <summary>A message that the answer says was changed is changed just so, once, and nobody else was told.</summary>
    private void Changed(Request request, Message message, bool delivers)
    {
        var removes = request.Kind is RequestKind.Delete or RequestKind.DeleteAll;
        var there = timeline[request.Queue!].Find(message.Sequence);
        var change = there?.Changes.Find(change => removes
            ? change.Kind == ChangeKind.Removal
            : change.Kind == ChangeKind.Update && change.After!.State.Revisions.Latest == message.Receipt.Value);
        Require(change is not null, request, $"says that it changed {message.Id}, and did not");
        Require(change!.Request is null, request, $"was given {message.Id}, as was {change.Request}");
        Require(change.By == request.Instance && change.At >= request.Started && change.At <= request.Ended, request, $"was given {message.Id}, by {change}");
        change.Request = request;
        RequireAllowed(request, change, delivers);
        if (Rules.Difference(message, change.After ?? change.Before!, request.Detail, request.Span) is { } difference)
            Fail(request, $"shows {message.Id} as it was not: {difference}");
    }

    /// <summary>It may change that message: its condition holds, it matches, and what it sets is set.</summary>
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
        var marker = timeline[request.Queue!].Messages.Find(message => message.Id == request.Selection.Marker && message.AlwaysLive(request.Span));
        if (marker is not null && list.Messages.Count > 0)
            Require(list.Messages[0].Sequence > marker.Sequence, request, "shows what stands before its marker");
    }

    /// <summary>Nothing is passed over that matched all the while, nor comes after what was put later.</summary>
    private void RequireComplete(Request request, MessageList list, bool isCut, int? limit)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var changes = request.Kind != RequestKind.List;
        if (changes && request.Instance.FailedBetween(request.Started, request.Ended))
            return;
        var end = isCut ? list.Messages.Count == 0 ? Sequence.None : list.Messages[^1].Sequence : Sequence.Last;
        var start = request.Selection.After ?? Marker(queue, request);
        var last = list.Messages.Count == 0 ? Sequence.None : list.Messages[^1].Sequence;
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
            if (changes && IsTake(request) && message.Changes.Exists(change => change.At >= since.From && change.At <= since.To && change.Kind != ChangeKind.Promotion))
                continue;
            // Hidden ones may change place behind the back of whoever reads (docs/decisions.md).
            if (request.Selection.MatchHidden && message.Changes.Count(change => change.At >= since.From && change.At <= since.To) > 1)
                continue;
            Fail(request, $"passes over {message.Id} ({message.Sequence}), which it was to have{(list.Messages.Count == 0 ? "" : $", and has {last}")}");
        }
    }

    private static bool IsTake(Request request) =>
        request.Selection is { MatchHidden: false, Marker: null, After: null, Limit: not null }
        && (request.Kind == RequestKind.DeleteAll || request.Attributes.Hide > 0);

    /// <summary>Without a limit, all that stood there is done.</summary>
    private void RequireAllDone(Request request)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        var start = request.Selection.After ?? Marker(queue, request);
        foreach (var message in queue.Messages.Where(message => message.Sequence > start && message.AlwaysMatches(span, request.Selection.MatchHidden)))
        {
            var done = message.Changes.Exists(change => change.At >= span.From && change.At <= span.To && change.By == request.Instance
                && (change.After is null || change.Kind == ChangeKind.Update));
            var moved = request.Selection.MatchHidden && message.Changes.Count(change => change.At >= span.From && change.At <= span.To) > 1;
            Require(done || moved || (request.Kind == RequestKind.UpdateAll && request.Attributes.IsEmpty), request, $"left {message.Id}");
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
    private void RequirePrompt(Request request, MessageList list)
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
                Require(until - visible < Promptness.Ticks, request, $"waited in vain while {message.Id} was there for {TimeSpan.FromTicks(until - visible)}");
            }
        }
    }

    private static void Require(bool holds, Request request, string otherwise)
    {
        if (!holds)
            Fail(request, otherwise);
    }

    private static void Fail(Request request, string message) => throw new Violation($"{request} {message}.");
}

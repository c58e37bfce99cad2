using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Judges each answer by what really was while the request was under way (docs/reference/api.md).</summary>
internal sealed class AnswerJudge(Timeline timeline, ProducersJudge producers, ResultsJudge results)
{
    /// <summary>
    /// After this, a request may have given up: because of conflicts for 20 s, or a message that moved 20 times while being read.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Completeness completeness = new(timeline);

    public void Put(Request request, PutResult result)
    {
        if (result.IsDuplicate)
        {
            Require(request.Change is null, request, "was stored, and said that it was stored before");
            Require(producers.Has(request.Queue!, request.Number!), request, "said that it was stored before, and was not");
            return;
        }

        Require(request.Change is not null, request, "was acknowledged, and not stored");
        var change = request.Change!;
        Require(change.After!.State.Revisions.Latest == result.Receipt.Value, request, "was given another receipt");
        Require(
            result.Created == change.Before is null,
            request,
            result.Created ? "replaced, and said it was new" : "was new, and said it replaced");
    }

    /// <summary>Judges an error which means that the request was not carried out.</summary>
    public void Refused(Request request, BurrowException error)
    {
        Require(request.Change is null, request, "was refused, and carried out");
        if (request.Kind == RequestKind.Policies)
            return;
        if (error is InvalidRequestException)
            Unasked(request);
        else if (error is OutOfTurnException)
            producers.OutOfTurn(request);
        else if (error is ConflictException)
            Conflicted(request);
        else if (error is QuotaExceededException)
            Full(request);
        else
            PreconditionFailed(request);
    }

    /// <summary>Judges a 400: a result or progress of a message that was put without.</summary>
    private void Unasked(Request request) => Require(
        request.Left is not null || request.Outcome?.Result is not null
            && timeline[request.Queue!].Messages.Exists(message => message.Id == request.Id
                && message.Ever(request.Span, (version, _) => version.State.ResultKept is null)),
        request,
        "was refused, though its result is asked for");

    public void Result(Request request, MessageResult? result) => results.Result(request, result);

    public void Progress(Request request, Receipt? receipt) => results.Progress(request, receipt);

    private void PreconditionFailed(Request request)
    {
        var queue = timeline[request.Queue!];
        var span = request.Span;
        var mayBeMissing = request.Kind == RequestKind.Put
            && !queue.Always(request.Id!.Value, span, MessageLife.Live | MessageLife.Dead);
        var fails = queue.Messages
            .Where(message => message.Id == request.Id && message.Ever(span, MessageLife.Live | MessageLife.Dead))
            .SelectMany(message => message.Parts(span))
            .Any(part => request.Precondition.Failure(new Receipt(part.Version.State.Revisions.Latest)) is not null);
        Require(
            fails || (mayBeMissing && request.Precondition.Failure(null) is not null),
            request,
            "was refused, though its condition always held");
    }

    /// <summary>Judges a 409: the message has another priority, or is of another group.</summary>
    private void Conflicted(Request request) => Require(
        timeline[request.Queue!].Messages.Exists(message => message.Id == request.Id
            && message.Ever(request.Span, MessageLife.Live | MessageLife.Dead)
            && ((request.Priority is { } priority && message.Latest.State.Priority != priority)
                || (request.Group is { } group && message.Latest.State.Group != group))),
        request,
        "was refused, though it keeps the priority and the group");

    /// <summary>Judges a 507. How much a queue holds is known approximately.</summary>
    private void Full(Request request) => Require(
        timeline[request.Queue!].PoliciesIn(request.Span).Any(policy => policy.MaxMessages > 0),
        request,
        "was refused, though its queue has no bound");

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

    public void GetDead(Request request, Message? message)
    {
        if (message is null)
        {
            Require(
                !timeline[request.Queue!].Always(request.Id!.Value, request.Span, MessageLife.Dead),
                request,
                "found none, and it was dead");
        }
        else
        {
            RequireShown(request, message, matchHidden: true, MessageLife.Dead);
        }
    }

    /// <summary>Judges a change of one message.</summary>
    public void Change(Request request, Message? message)
    {
        var (queue, span) = (timeline[request.Queue!], request.Span);
        if (message is null)
            Require(!queue.Always(request.Id!.Value, span, WhichOf(request)), request, "found nothing, and it was there");
        else if (request.Kind == RequestKind.Update && request.Attributes.IsEmpty)
            RequireShown(request, message, matchHidden: true);
        else if (request.Kind == RequestKind.Settle && request.Outcome!.Kind != OutcomeKind.Done && !HasChanged(request, message))
            RequireNothingToDo(request, message);
        else
            Changed(request, message, delivers: false);
    }

    private static MessageLife WhichOf(Request request) => request.Kind switch
    {
        RequestKind.Update => MessageLife.Live,
        RequestKind.Settle when request.Outcome!.Kind == OutcomeKind.Released => MessageLife.Live,
        RequestKind.Delete or RequestKind.Settle => MessageLife.Live | MessageLife.Dead,
        _ => MessageLife.Dead,
    };

    /// <summary>
    /// Whether the request has made the change that the answer shows. If it may not have made it, another request of the same process did,
    /// and this one found nothing to do. A change that no request explains is found at the end.
    /// </summary>
    private bool HasChanged(Request request, Message message) =>
        timeline[request.Queue!].Find(message.Sequence)?.Changes.Exists(change => change.Kind == ChangeKind.Update
            && change.By == request.Instance
            && change.At >= request.Started
            && change.Request is null
            && change.After!.State.Revisions.Latest == message.Receipt.Value
            && Disallowed(timeline, request, change, delivers: false) is null) == true;

    /// <summary>An outcome changes nothing if the message is visible already, or if there is no cause to add.</summary>
    private void RequireNothingToDo(Request request, Message message)
    {
        RequireShown(request, message, matchHidden: true, WhichOf(request));
        Require(
            request.Outcome!.Kind == OutcomeKind.Released || request.Outcome.Cause is null,
            request,
            $"lost the cause of {message.Id}");
        Require(
            timeline[request.Queue!].Find(message.Sequence)!.Ever(
                request.Span,
                (version, part) => version.State.Revisions.Latest == message.Receipt.Value
                    && (version.State.DiedAt != 0
                        || (request.Outcome.Kind != OutcomeKind.Dead && version.IsVisible(part.LatestClock)))),
            request,
            $"did nothing with {message.Id}");
    }

    public void ListDead(Request request, MessageList list)
    {
        RequireOrder(request, list, byTurn: false);
        foreach (var message in list.Messages)
            RequireShown(request, message, matchHidden: true, MessageLife.Dead);
        completeness.JudgeDead(request, list, list.More || list.Messages.Count == request.Selection.Limit);
    }

    /// <summary>Judges a redrive or a purge of the dead messages that match.</summary>
    public void ChangeAllDead(Request request, MessageList list)
    {
        var isFull = list.Count == request.Selection.Limit;
        request.MayHaveDoneMore = request.Selection.Detail == Detail.None || (request.StorageFailed && !isFull);
        RequireOrder(request, list, byTurn: false);
        foreach (var message in list.Messages)
            Changed(request, message, delivers: false);
        if (request.Selection.Detail != Detail.None && !request.StorageFailed)
            completeness.JudgeDead(request, list, list.More || isFull);
    }

    /// <summary>Judges the groups of a queue, where nothing changed while they were read.</summary>
    public void Groups(Request request, IReadOnlyList<GroupState> groups)
    {
        var queue = timeline[request.Queue!];
        if (request.StorageFailed || queue.Messages.Exists(message => message.ChangesIn(request.Span).Any()))
            return;
        var all = queue.Groups;
        var expected = all
            .Select(group => (
                group.Key,
                Ready: group.LongCount(message => message.Latest.State.IsReady),
                Waiting: group.LongCount(message => message.Latest.State.IsWaiting),
                Dead: string.Join(' ', group.Where(message => message.Latest.State.HoldsGroup).Select(message => message.Id))))
            .Where(group => group.Ready > 0 || group.Dead.Length > 0);
        Require(
            groups.Select(group => (group.Name, group.Ready, group.Waiting, string.Join(' ', group.Dead))).ToHashSet().SetEquals(expected)
                && groups.All(group => group.Held == group.Dead.Count),
            request,
            $"shows the groups {string.Join(", ", groups.Select(group => $"{group} {string.Join(' ', group.Dead)}"))}, "
            + $"and there are {string.Join(", ", expected)}");
    }

    public void Names(Request request, NameList list) => NamesJudge.Judge(timeline, request, list);

    public void List(Request request, MessageList list)
    {
        RequireOrder(request, list, byTurn: false);
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
        var policies = timeline[request.Queue!].PoliciesIn(request.Span).ToList();
        var hands = request.Kind == RequestKind.UpdateAll ? request.Attributes.Hide > 0 : selection.Detail != Detail.None;
        if (list.IsPaused)
        {
            Require(hands && policies.Exists(policy => policy.Paused), request, "says that the queue is paused");
            return;
        }

        Require(!hands || list.Count == 0 || policies.Exists(policy => !policy.Paused), request, "handed out messages of a paused queue");
        var failed = request.StorageFailed;
        var isFull = list.Count == selection.Limit;
        // Where storage failed in the middle, the answer holds only what is certain. Without detail, it doesn't show what the request did.
        request.MayHaveDoneMore = selection.Detail == Detail.None || (failed && !isFull);
        Require(selection.Limit is null || list.Count <= selection.Limit, request, $"did {list.Count}");
        // A pass ends early where the queue is paused meanwhile.
        var mayBePaused = hands && policies.Exists(policy => policy.Paused);
        var isSlow = request.Ended.Ticks - request.Started.Ticks > Patience.Ticks;
        Require(
            !list.More || failed || request.IsAbandoned || isSlow || isFull || mayBePaused,
            request,
            "says that there is more, for no reason");
        RequireOrder(request, list, Completeness.IsTake(request));
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

        // Between two looks the queue may have been paused.
        if (hands && policies.Exists(policy => policy.Paused))
            return;
        if (selection.Detail != Detail.None)
            completeness.Judge(request, list, isCut: list.More || isFull);
        else if (selection.Limit is null && !list.More && !failed)
            completeness.JudgeAllDone(request);
        completeness.JudgePrompt(request, list);
    }

    private void RequireShown(Request request, Message message, bool matchHidden, MessageLife which = MessageLife.Live)
    {
        var there = timeline[request.Queue!].Find(message.Sequence);
        Require(there is not null, request, $"shows {message.Id} at a place where none was");
        var difference = "no version of that time";
        foreach (var (version, span) in there!.Parts(request.Span))
        {
            // What died by time is shown as it will be buried.
            var shown = message.Died is not null && version.DiesAt is not null ? Rules.Buried(version) : version;
            difference = Rules.Difference(message, shown, request.Detail, span with { To = request.Ended });
            if (difference is null)
            {
                if ((which & MessageLife.Live) != 0
                    && version.IsLive(span.EarliestClock)
                    && (matchHidden || version.IsVisible(span.LatestClock)))
                {
                    return;
                }

                if ((which & MessageLife.Dead) != 0
                    && ((version.LifeAt(span.EarliestClock) | version.LifeAt(span.LatestClock)) & MessageLife.Dead) != 0)
                {
                    return;
                }

                difference = "hidden, dead or expired";
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
        var removes = request.Kind is RequestKind.Delete or RequestKind.DeleteAll or RequestKind.Purge or RequestKind.PurgeAll
            || request.Outcome?.Kind == OutcomeKind.Done;
        var there = timeline[request.Queue!].Find(message.Sequence);
        var change = there?.Changes.Find(change => removes
            ? change.Kind == ChangeKind.Removal
            : change.Kind is ChangeKind.Update or ChangeKind.Redrive && change.After!.State.Revisions.Latest == message.Receipt.Value);
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
    public static string? Disallowed(Timeline timeline, Request request, Change change, bool delivers)
    {
        var span = request.Span.Within(request.Started, change.At);
        var before = change.Before!;
        var life = before.LifeAt(span.Within(before.From, span.To).EarliestClock);
        var isUnburied = before.IsUnburied(span.Within(before.From, span.To).EarliestClock);
        var isRight = request.Kind switch
        {
            RequestKind.Update or RequestKind.UpdateAll or RequestKind.DeleteAll => life == MessageLife.Live,
            RequestKind.Delete or RequestKind.Settle => life != MessageLife.None && !isUnburied,
            RequestKind.DeleteQueues or RequestKind.DeleteAccounts => life != MessageLife.None,
            _ => life == MessageLife.Dead && before.State.DiedAt != 0,
        };
        if (!isRight)
            return $"was {(isUnburied ? "unburied" : life)}";
        if (request.Precondition.Failure(new Receipt(before.State.Revisions.Latest)) is not null)
            return "has another receipt than was asked for";
        if (delivers && !request.Selection.MatchHidden && !before.IsVisible(span.LatestClock))
            return "is hidden, perhaps claimed by another";
        if (request.HandsOut && before.State.IsWaiting)
            return "waits behind its group";
        if (request.Selection.After is { } after && change.Message.Sequence <= after)
            return "stands before the place asked for";
        var policies = timeline[change.Queue].PoliciesIn(span).ToList();
        return change.After is { } version && !Rules.Fits(request, delivers, before, version, span, policies)
            ? $"is set otherwise: {before.State} to {version.State}" : null;
    }

    private void RequireAllowed(Request request, Change change, bool delivers)
    {
        if (Disallowed(timeline, request, change, delivers) is { } reason)
            Fail(request, $"changed {change.Message.Id}, which {reason}");
    }

    private void RequireOrder(Request request, MessageList list, bool byTurn)
    {
        for (var i = 1; i < list.Messages.Count; i++)
        {
            var (one, next) = (list.Messages[i - 1], list.Messages[i]);
            Require(
                byTurn && one.Priority != next.Priority ? one.Priority > next.Priority : one.Sequence < next.Sequence,
                request,
                "is out of order");
        }

        Require(request.Selection.Limit is not { } limit || list.Messages.Count <= limit, request, "shows too many");
        if (request.Selection.After is { } after && list.Messages.Count > 0)
            Require(list.Messages[0].Sequence > after, request, "shows what stands before");
        var isDead = request.Kind is RequestKind.ListDead or RequestKind.RedriveAll or RequestKind.PurgeAll;
        var marker = timeline[request.Queue!].Messages.Find(
            message => message.Id == request.Selection.Marker
                && message.Always(request.Span, isDead ? MessageLife.Dead : MessageLife.Live));
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

using System.Text;
using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Judges lists of accounts and queues, and their deletion: a list has exactly those that hold a message.</summary>
internal static class NamesJudge
{
    public static void Judge(Timeline timeline, Request request, NameList list)
    {
        var names = request.Kind is RequestKind.Accounts or RequestKind.DeleteAccounts
            ? timeline.Accounts.Select(account => (Name: account.Value, Queues: timeline.Of(account).ToList()))
            : timeline.Of(request.Account!.Value).Select(
                queue => (Name: queue.Address.Queue.Value, Queues: new List<QueueTimeline> { queue }));
        var all = names.OrderBy(name => name.Name, ByCodePoint).ToDictionary(name => name.Name, name => name.Queues);
        var (span, shown, limit) = (request.Span, list.Names, request.Names.Limit);
        var which = request.Kind == RequestKind.DeadQueues ? MessageLife.Dead : MessageLife.Live | MessageLife.Dead;
        AnswerJudge.Require(shown.SequenceEqual(shown.Order(ByCodePoint).Distinct()), request, "is out of order");
        AnswerJudge.Require(limit is null || shown.Count <= limit, request, "shows too many");
        foreach (var name in shown)
            AnswerJudge.Require(Held(all[name], message => message.Ever(span, which)), request, $"shows {name}, which was empty");

        // A marker counts only if it may have held a message during the request.
        var after = request.Names.Marker is { } marker && Held(all.GetValueOrDefault(marker, []), message => message.Ever(span, which))
            ? marker
            : "";
        var isCut = list.More || shown.Count == limit;
        foreach (var (name, queues) in all.Where(name => ByCodePoint.Compare(name.Key, after) > 0))
        {
            // A name that held a message all the while is in the list, whenever the request read it.
            if (Held(queues, Holds)
                && !(isCut && (shown.Count == 0 || ByCodePoint.Compare(name, shown[^1]) > 0)))
            {
                AnswerJudge.Require(shown.Contains(name), request, $"misses {name}");
            }
        }

        if (request.Kind is RequestKind.Accounts or RequestKind.Queues or RequestKind.DeadQueues)
            return;
        // The answer doesn't show which messages the request deleted.
        request.MayHaveDoneMore = true;
        foreach (var message in shown.Where(_ => !list.More).SelectMany(name => all[name]).SelectMany(queue => queue.Messages))
            AnswerJudge.Require(!Holds(message), request, $"left {message.Id}");

        // What died by time is in the list of dead queues once it is buried.
        bool Holds(MessageTimeline message) => request.Kind == RequestKind.DeadQueues
            ? message.Always(span, (version, part) => version.State.DiedAt != 0 && version.LifeAt(part.LatestClock) == MessageLife.Dead)
            : message.Always(span, which);
    }

    private static bool Held(List<QueueTimeline> queues, Predicate<MessageTimeline> which) =>
        queues.Exists(queue => queue.Messages.Exists(which));

    private static readonly Comparer<string> ByCodePoint = Comparer<string>.Create(
        (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));
}

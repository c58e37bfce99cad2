using System.Text;
using Burrow.Queues;

namespace Burrow.Simulation.Judging;

/// <summary>Judges lists of accounts and queues, and their deletion: listed is exactly what holds a message.</summary>
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
        AnswerJudge.Require(shown.SequenceEqual(shown.Order(ByCodePoint).Distinct()), request, "is out of order");
        AnswerJudge.Require(limit is null || shown.Count <= limit, request, "shows too many");
        foreach (var name in shown)
            AnswerJudge.Require(Held(all[name], message => message.EverLive(span)), request, $"shows {name}, which was empty");

        // A marker that may not have been there may have been none.
        var after = request.Names.Marker is { } marker && Held(all.GetValueOrDefault(marker, []), message => message.EverLive(span))
            ? marker
            : "";
        var isCut = list.More || shown.Count == limit;
        foreach (var (name, queues) in all.Where(name => ByCodePoint.Compare(name.Key, after) > 0))
        {
            // What was there all the while is there for whoever comes by, whenever that is.
            if (Held(queues, message => message.AlwaysLive(span))
                && !(isCut && (shown.Count == 0 || ByCodePoint.Compare(name, shown[^1]) > 0)))
            {
                AnswerJudge.Require(shown.Contains(name), request, $"misses {name}");
            }
        }

        if (request.Kind is RequestKind.Accounts or RequestKind.Queues)
            return;
        // What it deleted, it doesn't tell.
        request.MayHaveDoneMore = true;
        foreach (var message in shown.Where(_ => !list.More).SelectMany(name => all[name]).SelectMany(queue => queue.Messages))
            AnswerJudge.Require(!message.AlwaysLive(span), request, $"left {message.Id}");
    }

    private static bool Held(List<QueueTimeline> queues, Predicate<MessageTimeline> which) =>
        queues.Exists(queue => queue.Messages.Exists(which));

    private static readonly Comparer<string> ByCodePoint = Comparer<string>.Create(
        (a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)));
}

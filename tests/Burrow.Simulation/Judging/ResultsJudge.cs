using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;
using Burrow.Tables;

namespace Burrow.Simulation.Judging;

/// <summary>
/// Judges after each transaction that the row of a result says what became of its message, and each answer by the rows that were there.
/// </summary>
internal sealed class ResultsJudge(RequestLog requests)
{
    private readonly Dictionary<(string Partition, string Key), List<(Moment From, ResultRow? Row)>> rows = [];

    public void Committed(Moment at, QueueTimeline queue, IReadOnlyList<Operation> operations, Func<string, Row?> get)
    {
        foreach (var key in operations.Select(operation => operation.Key).Where(IsRow))
            Of(queue.Address, key).Add((at, get(key) is { } row ? ResultRow.From(row) : null));
        foreach (var message in queue.Messages.Where(message => message.Latest.From == at || message.Ended == at))
        {
            if (message.Latest.State is not { ResultKept: not null } state)
                continue;
            var result = get(QueueKeys.Result(message.Id)) is { } row ? ResultRow.From(row).Result : null;
            // The id may have been put again in the same transaction.
            var present = queue.Present.GetValueOrDefault(QueueKeys.Index(message.Id));
            if (present is not null && present != message && present.Latest.State.ResultKept is not null)
                continue;
            if (message.Ended == at)
            {
                Require(
                    result is null ? state.DiedAt != 0 : result.State != ResultState.Running,
                    $"{message.Id} has ended, and its result says {result?.State}.");
            }
            else if (state.DiedAt == 0)
            {
                Require(result?.State == ResultState.Running, $"{message.Id} runs, and its result says {result?.State}.");
            }
            else
            {
                Require(result is null || result.State == ResultState.Dead, $"{message.Id} is dead, and its result says {result?.State}.");
            }
        }
    }

    public void Result(Request request, MessageResult? result)
    {
        var there = In(request).ToList();
        if (result is null)
        {
            AnswerJudge.Require(
                there.Exists(row => row is null || row.ExpiresAt <= request.Span.LatestClock),
                request,
                "found no result, and it was there");
            return;
        }

        AnswerJudge.Require(
            // An end by time is known before a row says so.
            there.Exists(row => row is not null && (row.Result.Receipt == result.Receipt || result.Receipt.Value.EndsWith('x'))),
            request,
            $"shows a result that was not there: {result}");
        if (result.Left.Body.Length == 0 || result.State == ResultState.Dead)
            return;
        AnswerJudge.Require(
            requests.All.Exists(other => other.Queue == request.Queue && other.Id == request.Id && other.Started.Order < request.Ended.Order
                && (result.State == ResultState.Done ? other.Outcome?.Result : other.Left)?.Body.AsSpan()
                    .SequenceEqual(result.Left.Body) == true),
            request,
            "shows what no worker left");
    }

    /// <summary>Judges that progress was left.</summary>
    public void Progress(Request request, Receipt? receipt) => AnswerJudge.Require(
        receipt is null || In(request).Any(row => row?.Result.Receipt == receipt && row.Result.State == ResultState.Running),
        request,
        "left no progress");

    /// <summary>Whether it is the row of a result, or its expiry row.</summary>
    public static bool IsOfResult(string key) => IsRow(key) || (key.StartsWith("x!", StringComparison.Ordinal) && key.Contains("!r!"));

    private static bool IsRow(string key) => key.StartsWith(QueueKeys.ResultsFrom, StringComparison.Ordinal);

    /// <summary>The rows that were there at some moment of a request; null: none.</summary>
    private IEnumerable<ResultRow?> In(Request request)
    {
        var all = Of(request.Queue!, QueueKeys.Result(request.Id!.Value));
        if (all.Count == 0 || all[0].From.Order > request.Started.Order)
            yield return null;
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].From.Order < request.Ended.Order && (i + 1 == all.Count || all[i + 1].From.Order > request.Started.Order))
                yield return all[i].Row;
        }
    }

    private List<(Moment From, ResultRow? Row)> Of(QueueAddress queue, string key) =>
        rows.TryGetValue((queue.Partition, key), out var all) ? all : rows[(queue.Partition, key)] = [];

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new Violation(otherwise);
    }
}

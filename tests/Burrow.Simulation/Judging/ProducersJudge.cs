using Burrow.Queues;
using Burrow.Queues.Producers;
using Burrow.Queues.Rows;
using Burrow.Simulation.World;
using Burrow.Tables;

namespace Burrow.Simulation.Judging;

/// <summary>Judges that each number of a producer is stored once, in order, and that its row says which was the last.</summary>
internal sealed class ProducersJudge
{
    private readonly Dictionary<(string Partition, string Key), List<(long Number, Moment At)>> stored = [];

    /// <summary>The highest epochs that were seen.</summary>
    private readonly Dictionary<(string Partition, string Key), long> epochs = [];

    /// <summary>Notes that a producer's message was stored.</summary>
    public void Stored(QueueAddress queue, ProducerNumber number, Moment at)
    {
        var all = Of(queue, number.Producer);
        var last = all.Count == 0 ? -1 : all[^1].Number;
        Require(number.Number > last, $"{number} was stored after {last}.");
        Require(number.Previous is not { } previous || last >= previous, $"{number} was stored before what comes before it.");
        Require(
            number.Epoch >= epochs.GetValueOrDefault((queue.Partition, QueueKeys.Producer(number.Producer))),
            $"{number} was stored after a higher epoch was seen.");
        all.Add((number.Number, at));
    }

    /// <summary>Judges the rows of producers that a transaction wrote.</summary>
    public void Committed(string partition, IReadOnlyList<Operation> operations, Func<string, Row?> get)
    {
        foreach (var key in operations.Select(operation => operation.Key).Where(IsRow))
        {
            if (get(key) is not { } row)
            {
                stored.Remove((partition, key));
                epochs.Remove((partition, key));
                continue;
            }

            var all = stored.GetValueOrDefault((partition, key), []);
            long? last = all.Count == 0 ? null : all[^1].Number;
            var state = ProducerRow.From(row).State;
            Require(state.Last == last, $"A producer's row says {state}, and the last one is {last}.");
            Require(state.Epoch >= epochs.GetValueOrDefault((partition, key)), $"A producer's epoch became less: {state}.");
            epochs[(partition, key)] = state.Epoch;
        }
    }

    /// <summary>Whether a number was stored, or a later one.</summary>
    public bool Has(QueueAddress queue, ProducerNumber number) =>
        Of(queue, number.Producer) is var all && all.Count > 0 && all[^1].Number >= number.Number;

    /// <summary>Judges that what a put waited for in vain was not stored when it began.</summary>
    public void OutOfTurn(Request request)
    {
        var all = Of(request.Queue!, request.Number!.Producer);
        AnswerJudge.Require(
            !all.Exists(one => one.Number >= request.Number.Previous && one.At.Order < request.Started.Order)
                || epochs.GetValueOrDefault((request.Queue!.Partition, QueueKeys.Producer(request.Number.Producer))) > request.Number.Epoch,
            request,
            "waited in vain for what was stored before");
    }

    /// <summary>Whether it is the row of a producer, or its expiry row.</summary>
    public static bool IsOfProducer(string key) => IsRow(key) || (key.StartsWith("x!", StringComparison.Ordinal) && key.Contains("!p!"));

    private static bool IsRow(string key) => key.StartsWith(QueueKeys.ProducersFrom, StringComparison.Ordinal);

    private List<(long Number, Moment At)> Of(QueueAddress queue, ProducerName name)
    {
        var key = (queue.Partition, QueueKeys.Producer(name));
        return stored.TryGetValue(key, out var all) ? all : stored[key] = [];
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new Violation(otherwise);
    }
}

using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Whether what an operation costs grows with its queue: each on a short queue, and on one of a million messages.</summary>
internal sealed class QueueSize(Session session)
{
    private const int Short = 1_000;
    private const int Long = 1_000_000;

    /// <summary>How many samples there are of each operation, in each run.</summary>
    private const int Samples = 200;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Long queues",
            $"Every operation over one connection on a queue of {Short:n0} messages, then on one of {Long:n0}; a tenth of them, in front, hidden for an hour. Bodies of 10 bytes, filled by batches. "
            + $"What an operation changed is undone before the next, unmeasured. p50 (and p99) of {Samples} samples, the median of the runs. The short queue is measured before and after there is the long one, when the process is warm; the faster counts.",
            "process", "operation", $"{Short:n0} messages", $"{Long:n0} messages", "p50 is times", "p99 is times");
        foreach (var server in (Server[])[await session.MemoryAsync(), await session.SqliteAsync()])
        {
            for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < 3 * session.Time;)
                await MeasureAsync(server, Short, runs: 1);
            var before = await MeasureAsync(server, Short, session.Runs);
            var after = await MeasureAsync(server, Long, session.Runs);
            var again = await MeasureAsync(server, Short, session.Runs);
            for (var i = 0; i < after.Count; i++)
                Add(section, server, after[i].Name, before[i].Result.P50 < again[i].Result.P50 ? before[i].Result : again[i].Result, after[i].Result);
        }

        return section;
    }

    private static void Add(Section section, Server server, string name, RunResult few, RunResult many)
    {
        section.Add(
            server.Name,
            name,
            $"{Format.Time(few.P50)} ({Format.Time(few.P99)})",
            $"{Format.Time(many.P50)} ({Format.Time(many.P99)})",
            Format.Growth(many.P50 / few.P50),
            Format.Growth(many.P99 / few.P99));
        section.AtMost($"{name}, {server.Name}: p50 at {Long:n0} messages, times that at {Short:n0}", 1.5, many.P50 / few.P50, Format.Growth);
    }

    private static async Task<List<(string Name, RunResult Result)>> MeasureAsync(Server server, int messages, int runs)
    {
        var queue = Server.NewQueue();
        var hidden = messages / 10;
        // Over one connection they stand in the order of their ids, as far as a short queue's markers need it.
        var connections = messages == Short ? 1 : 2;
        await server.FillAsync(queue, 0, hidden, "0123456789", ",\"ttl\":0,\"hide\":3600", connections);
        await server.FillAsync(queue, hidden, messages - hidden, "0123456789", ",\"ttl\":0", connections);
        Progress.Tell($"  {server.Name}: {messages} put");
        var operations = new QueueOperations(queue, hidden, messages);
        using var connection = await Connection.OpenAsync(server.Address);
        var results = new List<(string, RunResult)>();
        foreach (var (name, measured, undo) in operations.All)
        {
            // Once for warming up.
            await SampleAsync(connection, measured, undo);
            var samples = new List<RunResult>();
            for (var run = 0; run < runs; run++)
                samples.Add(await SampleAsync(connection, measured, undo));
            results.Add((name, RunResult.Median(samples)));
        }

        await server.EmptyAsync(queue);
        return results;
    }

    private static async Task<RunResult> SampleAsync(Connection connection, Step measured, Step undo)
    {
        var latencies = new Latencies();
        for (var i = 0; i < Samples; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            await measured(connection, i);
            latencies.Add(begun);
            await undo(connection, i);
        }

        return new(0, latencies.Percentile(0.5), latencies.Percentile(0.99));
    }
}

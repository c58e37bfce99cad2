using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>
/// Whether the cost of an operation grows with its queue. Each runs on a short queue and on one of a million messages.
/// </summary>
internal sealed class QueueSize(Session session)
{
    private const int Short = 1_000;
    private const int Long = 1_000_000;

    /// <summary>How many samples of each operation each run has.</summary>
    private const int Samples = 200;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Long queues",
            "Each operation runs over one connection, "
            + $"alternately on a queue of {Short:n0} messages and on one of {Long:n0}. So both see the same machine. "
            + "The first tenth of each queue is hidden for an hour. Bodies have 10 bytes; batches fill the queues. "
            + "Each operation is undone before the next; the undo is not measured. "
            + $"p50 (and p99) of {Samples} samples; each is the median of the runs.",
            "process", "operation", $"{Short:n0} messages", $"{Long:n0} messages", "p50 is times", "p99 is times");
        foreach (var server in (Server[])[await session.MemoryAsync(), await session.SqliteAsync()])
        {
            var few = await FillAsync(server, Short);
            var many = await FillAsync(server, Long);
            using var connection = await Connection.OpenAsync(server.Address);
            foreach (var (shorter, longer) in few.All.Zip(many.All))
            {
                var runs = new List<(RunResult Few, RunResult Many)>();
                // The samples of this loop are for warming up; those of the next loop are measured.
                for (var begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < session.Time;)
                    await SampleAsync(connection, shorter, longer);
                for (var run = 0; run < session.Runs; run++)
                    runs.Add(await SampleAsync(connection, shorter, longer));
                Add(
                    section,
                    server,
                    shorter.Name,
                    RunResult.Median([.. runs.Select(run => run.Few)]),
                    RunResult.Median([.. runs.Select(run => run.Many)]));
            }

            await server.EmptyAsync("bench");
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
        section.AtMost(
            $"{name}, {server.Name}: p50 at {Long:n0} messages, times that at {Short:n0}", 1.5, many.P50 / few.P50, Format.Growth);
    }

    private static async Task<QueueOperations> FillAsync(Server server, int messages)
    {
        var queue = Server.NewQueue();
        var hidden = messages / 10;
        // Over one connection the messages stand in the order of their ids. The markers on a short queue need that order.
        var connections = messages == Short ? 1 : 2;
        await server.FillAsync(queue, 0, hidden, "0123456789", ",\"ttl\":0,\"hide\":3600", connections);
        await server.FillAsync(queue, hidden, messages - hidden, "0123456789", ",\"ttl\":0", connections);
        Progress.Tell($"  {server.Name}: {messages} put");
        return new QueueOperations(queue, hidden, messages);
    }

    private static async Task<(RunResult Few, RunResult Many)> SampleAsync(
        Connection connection, (string Name, Step Measured, Step Undo) shorter, (string Name, Step Measured, Step Undo) longer)
    {
        var (few, many) = (new Latencies(), new Latencies());
        for (var i = 0; i < Samples; i++)
        {
            await MeasureAsync(few, shorter.Measured, shorter.Undo, i);
            await MeasureAsync(many, longer.Measured, longer.Undo, i);
        }

        return (Of(few), Of(many));

        async Task MeasureAsync(Latencies latencies, Step measured, Step undo, int number)
        {
            var begun = Stopwatch.GetTimestamp();
            await measured(connection, number);
            latencies.Add(begun);
            await undo(connection, number);
        }

        static RunResult Of(Latencies latencies) => new(0, latencies.Percentile(0.5), latencies.Percentile(0.99));
    }
}

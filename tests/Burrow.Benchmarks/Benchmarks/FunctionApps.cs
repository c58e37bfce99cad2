using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Benchmarks.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>The published function app in the small Functions host, beside a function that only reads the body.</summary>
internal sealed class FunctionApps(Session session)
{
    private const int Items = 100;
    private const int Connections = 16;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(25);

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "The function app",
            "The published function app in the small Functions host (docs/design/functions-host.md), with tables in a server in memory. "
            + "An empty function reads the body and answers 201. CPU is that of the host and the worker together, without the tables. "
            + $"All over {Connections} connections; the tables and the load share the machine.",
            "operation",
            "messages",
            "CPU per message");
        await using var empty = await FunctionApp.StartAsync("empty-function", [], new Dictionary<string, string?>());
        await using var burrow = await FunctionApp.StartAsync(
            TableServer.ConnectionString(await session.TablesAsync()), "bench", ("Burrow__Quotas__RequestsPerSecond", "1000000000"));
        (string Name, FunctionApp App, int Items, Func<Step> Step)[] operations =
        [
            ("PUT, empty function", empty, 1, PutNew),
            ("PUT", burrow, 1, PutNew),
            ($"batch of {Items}", burrow, Items, () => Server.PutBatch(Server.NewQueue(), 0, Items, Sizes.Text)),
        ];
        foreach (var (_, app, items, step) in operations)
            await RunAsync(app, WarmUp, items, step);
        // In turns, as the machine's speed changes from one minute to the next.
        var rounds = new List<(double Rate, double Cpu)[]>();
        for (var i = 0; i < session.Runs; i++)
        {
            var round = new List<(double Rate, double Cpu)>();
            foreach (var (_, app, items, step) in operations)
                round.Add(await RunAsync(app, session.Time, items, step));
            rounds.Add([.. round]);
        }

        for (var i = 0; i < operations.Length; i++)
        {
            section.Add(
                operations[i].Name,
                Format.Rate(RunResult.Median(rounds.Select(round => round[i].Rate))),
                Format.Milliseconds(RunResult.Median(rounds.Select(round => round[i].Cpu))));
        }

        var ofEmpty = RunResult.Median(rounds.Select(round => round[0].Cpu / round[1].Cpu));
        section.AtLeast("function app, PUT, of an empty function, by CPU", 0.7, ofEmpty, Format.Ratio);
        section.AtLeast(
            "function app, batches of 100, messages", 10_000, RunResult.Median(rounds.Select(round => round[2].Rate)), Format.Rate);
        return section;
    }

    /// <returns>Messages a second, and milliseconds of the processor for each.</returns>
    private static async Task<(double Rate, double Cpu)> RunAsync(FunctionApp app, TimeSpan time, int items, Func<Step> step)
    {
        var address = app.Address ?? throw new BenchmarkException($"The function app didn't start: {app.Output}");
        var before = Processor.UsedByTree(app.Id);
        var result = await Generator.RunAsync(address, Connections, Budget.Of(time), items, step);
        return (result.Rate, (Processor.UsedByTree(app.Id) - before).TotalMilliseconds / (result.Count * items));
    }

    private static Step PutNew() => Server.PutNew("bench/functions");
}

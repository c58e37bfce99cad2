using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Benchmarks.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>The published function app in the small Functions host, beside a function that only reads the body.</summary>
internal sealed class FunctionApps(Session session)
{
    private const int Items = 100;
    private const int Connections = 16;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    private static long firsts;

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
        var (idle, one) = (await MeasureAsync(empty, 1, Put), await MeasureAsync(burrow, 1, Put));
        var many = await MeasureAsync(burrow, Items, () => Server.PutBatch(Server.NewQueue(), 0, Items, Sizes.Text));
        section.Add("PUT, empty function", Format.Rate(idle.Rate), Format.Milliseconds(idle.Cpu));
        section.Add("PUT", Format.Rate(one.Rate), Format.Milliseconds(one.Cpu));
        section.Add($"batch of {Items}", Format.Rate(many.Rate), Format.Milliseconds(many.Cpu));
        section.AtLeast("function app, PUT, of an empty function, by CPU", 0.7, idle.Cpu / one.Cpu, Format.Ratio);
        section.AtLeast("function app, batches of 100, messages", 10_000, many.Rate, Format.Rate);
        return section;
    }

    /// <returns>Messages a second, and milliseconds of the processor for each.</returns>
    private async Task<(double Rate, double Cpu)> MeasureAsync(FunctionApp app, int items, Func<Step> step)
    {
        var address = app.Address ?? throw new BenchmarkException($"The function app didn't start: {app.Output}");
        await Generator.RunAsync(address, Connections, Budget.Of(WarmUp), items, step);
        var runs = new List<(double Rate, double Cpu)>();
        for (var i = 0; i < session.Runs; i++)
        {
            var before = Processor.UsedByTree(app.Id);
            var result = await Generator.RunAsync(address, Connections, Budget.Of(session.Time), items, step);
            runs.Add((result.Rate, (Processor.UsedByTree(app.Id) - before).TotalMilliseconds / (result.Count * items)));
        }

        return runs.OrderBy(run => run.Cpu).ElementAt(runs.Count / 2);
    }

    private static Step Put()
    {
        var first = 100_000_000L * Interlocked.Increment(ref firsts);
        var put = new HttpRequestBytes("PUT", $"/v1.0/bench/functions/{HttpRequestBytes.Number}", Sizes.Text);
        return async (connection, number) => await connection.SendAsync(put.With(first + number), 201);
    }
}

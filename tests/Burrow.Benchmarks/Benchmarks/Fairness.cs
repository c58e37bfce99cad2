using System.Diagnostics;
using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Tables;
using Burrow.Tables.Memory;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Whether two processes that put to one queue each get a fair share.</summary>
internal sealed class Fairness(Session session)
{
    private const int Clients = 8;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Two processes put to one queue",
            $"Two engines run in this process on the same memory tables, with {Clients} clients each. "
            + "Each request to storage takes 4 to 6 ms, half of it before storage carries out the request. "
            + $"Each run lasts {3 * session.Time.TotalSeconds:0.#} s. There is no target.",
            "run", "engine", "puts", "p50", "p99", "longest put");
        for (var run = 1; run <= session.Runs; run++)
        {
            Add("alone", await RunAsync(new MemoryTableStore(), 0));
            var store = new MemoryTableStore();
            var both = await Task.WhenAll(RunAsync(store, 1), RunAsync(store, 2));
            Add("first of two", both[0]);
            Add("second of two", both[1]);

            void Add(string engine, Latencies puts) => section.Add(
                $"{run}",
                engine,
                Format.Rate(puts.Count / (3 * session.Time.TotalSeconds)),
                Format.Time(puts.Percentile(0.5)),
                Format.Time(puts.Percentile(0.99)),
                Format.Time(puts.Percentile(1)));
        }

        return section;
    }

    private async Task<Latencies> RunAsync(ITableStore store, int number)
    {
        var engine = Recorder.NewEngine(new InterceptedStore(store) { Before = _ => DelayAsync(), After = _ => DelayAsync() });
        var budget = Budget.Of(3 * session.Time);
        var latencies = new Latencies();
        var last = number * 1_000_000_000L;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (budget.TryTake())
            {
                var begun = Stopwatch.GetTimestamp();
                await Recorder.PutAsync(engine, Interlocked.Increment(ref last));
                lock (latencies)
                    latencies.Add(begun);
            }
        })));
        return latencies;
    }

    /// <summary>Timers count milliseconds, and fire up to one millisecond late.</summary>
    private static Task DelayAsync() => Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(2) + 1.5));
}

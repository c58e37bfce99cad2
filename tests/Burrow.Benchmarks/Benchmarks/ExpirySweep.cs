using System.Diagnostics;
using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Reporting;
using Burrow.Queues;
using Burrow.Tables.Memory;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>The timer: how fast it removes expired messages, and what it costs when nothing has expired.</summary>
internal sealed class ExpirySweep(Session session)
{
    private const int Messages = 100_000;

    /// <summary>How many sweeps with nothing due are timed together.</summary>
    private const int Idle = 100;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Expiry sweep",
            "The engine runs in this process on memory tables. The test advances its clock. "
            + $"First, {Messages:n0} expired messages of 1 KiB are removed from one queue (median of the runs). "
            + $"Then sweeps run with nothing due: with an empty store, and with {Messages:n0} messages that do not expire.",
            "", "figure", "gets", "queries", "transactions");
        var rates = new List<double>();
        // The first run is for warming up.
        for (var run = 0; run <= session.Runs; run++)
            rates.Add(await ExpireAsync());
        var rate = rates[1..].Order().ElementAt(session.Runs / 2);
        section.Add("messages removed", Format.Rate(rate), Format.None, Format.None, Format.None);
        section.AtLeast("expiry sweep, memory, messages", 20_000, rate, Format.Rate);

        var (empty, emptyCalls) = await IdleAsync(0);
        var (full, fullCalls) = await IdleAsync(Messages);
        section.Add(IdleRow("nothing due, nothing stored", empty, emptyCalls));
        section.Add(IdleRow($"nothing due, {Messages:n0} messages stored", full, fullCalls));
        section.AtMost(
            $"sweep with nothing due, {Messages:n0} messages stored: requests to storage (with none stored: {emptyCalls.Count})",
            emptyCalls.Count,
            fullCalls.Count,
            Format.Count);
        section.AtMost($"the same: time (with none stored: {Format.Milliseconds(empty)})", 1, full, Format.Milliseconds);
        return section;
    }

    private static string[] IdleRow(string what, double milliseconds, IReadOnlyList<TableCall> calls) =>
        [what, Format.Milliseconds(milliseconds), Count(calls, CallKind.Get), Count(calls, CallKind.Query), Count(calls, CallKind.Submit)];

    private static string Count(IReadOnlyList<TableCall> calls, CallKind kind) => $"{calls.Count(call => call.Kind == kind)}";

    private static async Task<double> ExpireAsync()
    {
        var (store, time) = (new MemoryTableStore(), new JumpingTime());
        var engine = Recorder.NewEngine(store, time);
        await FillAsync(engine, Messages, ttl: 60);
        time.Advance(TimeSpan.FromMinutes(2));
        var begun = Stopwatch.GetTimestamp();
        await engine.SweepAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        var elapsed = Stopwatch.GetElapsedTime(begun);
        var left = await store.Open(QueueEngine.TableNames[0]).QueryAsync(Recorder.Queue.Partition, new("!", "~"), CancellationToken.None);
        if (left.Rows.Count > 1)
            throw new BenchmarkException("The sweep left rows besides the head's.");
        return Messages / elapsed.TotalSeconds;
    }

    private static async Task<(double Milliseconds, IReadOnlyList<TableCall> Calls)> IdleAsync(int stored)
    {
        var (store, time) = (new InterceptedStore(new MemoryTableStore()), new JumpingTime());
        var engine = Recorder.NewEngine(store, time);
        await FillAsync(engine, stored, ttl: 86_400);
        // These sweeps visit the queue that the puts entered in the timer's table, and then remove the entry.
        for (var minute = 0; minute < 20; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await engine.SweepAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        }

        var calls = await new RequestCounter(store).CountAsync(() => engine.SweepAsync(TimeSpan.FromMinutes(1), CancellationToken.None));
        store.Before = _ => Task.CompletedTask;
        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; i < Idle; i++)
            await engine.SweepAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        return (Stopwatch.GetElapsedTime(begun).TotalMilliseconds / Idle, calls);
    }

    private static async Task FillAsync(QueueEngine engine, int count, long ttl)
    {
        foreach (var numbers in Enumerable.Range(0, count).Chunk(1000))
        {
            await Task.WhenAll(numbers.Select(number => engine.PutAsync(
                Recorder.Queue, new(new($"{number:d12}"), Sizes.Body, null, new(ttl, null), Precondition.None), CancellationToken.None)));
        }
    }
}

using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>How soon one who waits has what somebody else puts.</summary>
internal sealed class WakeUp(Session session)
{
    /// <summary>Waiters at a time, each on a queue of its own, where a sample takes a second.</summary>
    private const int Lanes = 8;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Wake-up",
            "`GET ?wait=20` on one connection; then, on another, a `PUT`. From when the put is sent until the waiter has its answer. In the same process the put comes 20 to 60 ms after the wait began; "
            + $"from another process (two local processes on one Azurite, {Lanes} queues at a time) 0.5 to 1.5 s after, when the waiter looks for others' puts as seldom as it ever does.",
            "waiter and put in", "samples", "p50", "p99");
        foreach (var server in (Server[])[await session.MemoryAsync(), await session.SqliteAsync()])
        {
            var same = new Latencies();
            await SampleAsync(server, server, 20, TimeSpan.FromMilliseconds(20), new Latencies());
            await SampleAsync(server, server, session.Scale(25) * session.Runs, TimeSpan.FromMilliseconds(20), same);
            section.Add(
                $"one process, {server.Name}", $"{same.Count}", Format.Time(same.Percentile(0.5)), Format.Time(same.Percentile(0.99)));
            section.AtMost(
                $"wake-up in the same process, {server.Name}: p50", 2, same.Percentile(0.5).TotalMilliseconds, Format.Milliseconds);
        }

        var tables = $"azure:{await session.AzuriteAsync()}";
        var waiting = await session.StartAsync("azurite", tables, ("Burrow__Storage__TablePrefix", "wake"));
        var putting = await session.StartAsync("azurite", tables, ("Burrow__Storage__TablePrefix", "wake"));
        var other = new Latencies();
        await Task.WhenAll(
            Enumerable.Range(0, Lanes).Select(
                _ => SampleAsync(waiting, putting, session.Scale(4) * session.Runs, TimeSpan.FromMilliseconds(500), other)));
        section.Add("two processes, azurite", $"{other.Count}", Format.Time(other.Percentile(0.5)), Format.Time(other.Percentile(0.99)));
        section.AtMost("wake-up from another process, Azurite: p99", 600, other.Percentile(0.99).TotalMilliseconds, Format.Milliseconds);
        return section;
    }

    /// <param name="waiting">Where it is waited.</param>
    /// <param name="putting">Where it is put.</param>
    /// <param name="samples">How often.</param>
    /// <param name="before">How long the wait lasts before the put, at least; up to three times as long.</param>
    /// <param name="latencies">Where the figures go.</param>
    private static async Task SampleAsync(Server waiting, Server putting, int samples, TimeSpan before, Latencies latencies)
    {
        var queue = Server.NewQueue();
        using var waiter = await Connection.OpenAsync(waiting.Address);
        using var putter = await Connection.OpenAsync(putting.Address);
        var wait = new HttpRequestBytes("GET", $"/v1.0/{queue}?wait=20");
        var put = new HttpRequestBytes("PUT", $"/v1.0/{queue}/one", Sizes.Text);
        var delete = new HttpRequestBytes("DELETE", $"/v1.0/{queue}/one");
        for (var i = 0; i < samples; i++)
        {
            var woken = WaitAsync();
            await Task.Delay(before * (1 + 2 * Random.Shared.NextDouble()));
            if (woken.IsCompleted)
                throw new BenchmarkException("A waiter was answered before anything was put.");
            var begun = Stopwatch.GetTimestamp();
            await putter.SendAsync(put.Bytes, 201);
            var answered = await woken;
            lock (latencies)
                latencies.Add(begun, answered);
            await putter.SendAsync(delete.Bytes, 200);
        }

        async Task<long> WaitAsync()
        {
            MessageJson.Check(await waiter.SendAsync(wait.Bytes, 200), 1);
            return Stopwatch.GetTimestamp();
        }
    }
}

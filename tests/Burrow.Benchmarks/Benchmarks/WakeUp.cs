using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>How soon a waiting client gets a message that another client puts.</summary>
internal sealed class WakeUp(Session session)
{
    /// <summary>How many clients wait at a time, each on its own queue, where a sample takes a second.</summary>
    private const int Lanes = 8;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Wake-up",
            "One connection sends `GET ?wait=20`, another sends a `PUT`. "
            + "The time runs from the put until the waiting client has its answer. "
            + "In one process, the put comes 20 to 60 ms after the wait begins. "
            + $"With two local processes on one Azurite ({Lanes} queues at a time), it comes 0.5 to 1.5 s after. "
            + "By then the waiting process polls at its slowest rate.",
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

    /// <param name="waiting">The process where the client waits.</param>
    /// <param name="putting">The process where the message is put.</param>
    /// <param name="samples">The number of samples.</param>
    /// <param name="before">The minimum time from the start of the wait to the put. The maximum is three times as long.</param>
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

using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Queues;
using Burrow.Tables;

namespace Burrow.Benchmarks.Floors;

/// <summary>
/// Repeats the requests of an engine to its tables. As many requests run at a time as in the engine, and each waits for the same
/// requests.
/// </summary>
internal static class Replay
{
    /// <param name="store">The store. It must not contain anything yet that is replayed.</param>
    /// <param name="trace">The trace to replay.</param>
    /// <param name="suffix">Added to the partitions, so that a store can be used again.</param>
    public static async Task<RunResult> RunAsync(ITableStore store, Trace trace, string suffix = "")
    {
        await store.CreateAsync(QueueEngine.TableNames, CancellationToken.None);
        var tables = QueueEngine.TableNames.ToDictionary(name => name, store.Open);
        var latencies = new Latencies();
        var running = new Task[trace.Requests.Count];
        var (ended, begun) = (0, Stopwatch.GetTimestamp());
        for (var i = 0; i < running.Length; i++)
        {
            if (i == trace.Setup)
            {
                await Task.WhenAll(running.AsSpan(0, i));
                (latencies, begun) = (new Latencies(), Stopwatch.GetTimestamp());
            }

            while (ended < trace.Requests[i].Ended)
                await running[trace.Ends[ended++]];
            running[i] = SendAsync(tables[trace.Requests[i].Table], trace.Requests[i], suffix, latencies);
        }

        await Task.WhenAll(running);
        var elapsed = Stopwatch.GetElapsedTime(begun);
        return new(trace.Messages / elapsed.TotalSeconds, latencies.Percentile(0.5), latencies.Percentile(0.99), trace.Group);
    }

    private static async Task SendAsync(ITable table, TraceRequest request, string suffix, Latencies latencies)
    {
        var (begun, partition) = (Stopwatch.GetTimestamp(), request.Partition + suffix);
        if (request.Operations is { } operations)
        {
            var result = await table.SubmitAsync(partition, operations, CancellationToken.None);
            if (!result.Committed)
            {
                throw new BenchmarkException(
                    $"A replayed transaction was refused: {result.Refusal} at {operations[Math.Max(0, result.FailedIndex)].Key}");
            }
        }
        else if (request.Query is { } query)
        {
            await table.QueryAsync(partition, query, CancellationToken.None);
        }
        else
        {
            await table.GetAsync(partition, request.Key!, CancellationToken.None);
        }

        lock (latencies)
            latencies.Add(begun);
    }
}

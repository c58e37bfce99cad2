using System.Diagnostics;

namespace Burrow.Benchmarks.Load;

/// <summary>One operation on a connection. It checks its responses.</summary>
/// <param name="connection">Where to send the requests.</param>
/// <param name="number">A different number for each operation of a run, in increasing order.</param>
internal delegate ValueTask Step(Connection connection, long number);

/// <summary>Closed-loop load: each connection sends its next request when it has its response.</summary>
internal static class Generator
{
    /// <summary>Runs load until the budget is used up.</summary>
    /// <param name="server">Where to send the load.</param>
    /// <param name="connections">How many connections work at a time.</param>
    /// <param name="budget">How much the run does.</param>
    /// <param name="weight">What one operation counts for, for example the messages of a batch.</param>
    /// <param name="newStep">Makes an operation for each connection, with its own bytes.</param>
    public static async Task<RunResult> RunAsync(Uri server, int connections, Budget budget, int weight, Func<Step> newStep)
    {
        var open = new List<Connection>();
        try
        {
            for (var i = 0; i < connections; i++)
                open.Add(await Connection.OpenAsync(server));
            return await RunAsync(budget, weight, open.ConvertAll<Func<long, ValueTask>>(connection =>
            {
                var step = newStep();
                return number => step(connection, number);
            }));
        }
        finally
        {
            open.ForEach(connection => connection.Dispose());
        }
    }

    /// <summary>Runs load that needs no connection of its own.</summary>
    /// <param name="budget">How much the run does.</param>
    /// <param name="weight">What one operation counts for.</param>
    /// <param name="operations">What is done at a time; each gets different numbers, in increasing order.</param>
    public static async Task<RunResult> RunAsync(Budget budget, int weight, IReadOnlyList<Func<long, ValueTask>> operations)
    {
        long last = 0;
        var begun = Stopwatch.GetTimestamp();
        var done = await Task.WhenAll(operations.Select(operation => Task.Run(() => WorkAsync(operation))));
        var elapsed = Stopwatch.GetElapsedTime(begun);
        var all = new Latencies();
        foreach (var one in done)
            all.Add(one);
        return new(all.Count * (double)weight / elapsed.TotalSeconds, all.Percentile(0.5), all.Percentile(0.99)) { Count = all.Count };

        async Task<Latencies> WorkAsync(Func<long, ValueTask> operation)
        {
            var latencies = new Latencies();
            while (budget.TryTake())
            {
                var sent = Stopwatch.GetTimestamp();
                await operation(Interlocked.Increment(ref last));
                latencies.Add(sent);
            }

            return latencies;
        }
    }
}

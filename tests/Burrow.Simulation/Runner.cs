namespace Burrow.Simulation;

/// <summary>Runs many seeds, on all cores.</summary>
/// <param name="goesOn">Whether after one has failed.</param>
/// <param name="trace">Told of all that happens; then they run one after another.</param>
internal sealed class Runner(bool goesOn, Action<string>? trace)
{
    private readonly List<Outcome> failed = [];
    private long requests;
    private int ran;

    /// <summary>In order.</summary>
    public IReadOnlyList<Outcome> Failed => [.. failed.OrderBy(outcome => outcome.Seed)];

    public long Requests => requests;

    public int Ran => ran;

    /// <summary>The command that shows what happens in a seed.</summary>
    public static string Replay(int seed) => $"dotnet run -c Release --project tests/Burrow.Simulation -- --from {seed} --seeds 1 --trace";

    public void Run(int from, int count) => Parallel.For(
        from,
        from + count,
        new ParallelOptions { MaxDegreeOfParallelism = trace is null ? Environment.ProcessorCount : 1 },
        (seed, loop) =>
        {
            var outcome = Simulation.Run(seed, trace);
            Interlocked.Increment(ref ran);
            Interlocked.Add(ref requests, outcome.Requests);
            if (outcome.Violation is null)
                return;
            lock (failed)
                failed.Add(outcome);
            // Those before it still run: the first that fails is always the same.
            if (!goesOn)
                loop.Break();
        });
}

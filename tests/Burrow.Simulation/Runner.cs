using Burrow.Simulation.Relays;

namespace Burrow.Simulation;

/// <summary>Runs many seeds, on all cores.</summary>
/// <param name="goesOn">Whether it continues after a seed has failed.</param>
/// <param name="trace">Receives all that happens, in words. With it, the seeds run one after another.</param>
/// <param name="kind">What the worlds are like.</param>
internal sealed class Runner(bool goesOn, Action<string>? trace, WorldKind kind = WorldKind.One)
{
    private readonly List<SeedOutcome> failed = [];
    private long requests;
    private int ran;

    /// <summary>The outcomes of the failed seeds, in the order of the seeds.</summary>
    public IReadOnlyList<SeedOutcome> Failed => [.. failed.OrderBy(outcome => outcome.Seed)];

    public long Requests => requests;

    public int Ran => ran;

    /// <summary>The command that shows what happens in a seed.</summary>
    public string Replay(int seed) =>
        $"dotnet run -c Release --project tests/Burrow.Simulation -- --from {seed} --seeds 1 --trace{kind switch
        {
            WorldKind.Relays => " --relays",
            WorldKind.Mirrors => " --mirrors",
            _ => "",
        }}";

    public void Run(int from, int count) => Parallel.For(
        from,
        from + count,
        new ParallelOptions { MaxDegreeOfParallelism = trace is null ? Environment.ProcessorCount : 1 },
        (seed, loop) =>
        {
            var outcome = kind == WorldKind.One
                ? Simulation.Run(seed, trace)
                : RelaySimulation.Run(seed, kind == WorldKind.Mirrors, trace);
            Interlocked.Increment(ref ran);
            Interlocked.Add(ref requests, outcome.Requests);
            if (outcome.Violation is null)
                return;
            lock (failed)
                failed.Add(outcome);
            // The seeds before it still run, so the first failed seed is always the same.
            if (!goesOn)
                loop.Break();
        });
}

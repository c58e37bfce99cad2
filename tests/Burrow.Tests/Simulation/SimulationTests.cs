using Burrow.Simulation;
using Burrow.Simulation.Relays;
using Burrow.Tests.Torture;

namespace Burrow.Tests.Simulation;

/// <summary>
/// Runs the engine in many simulated worlds where everything fails that can fail. Also checks that the judge finds the
/// faults of a mutated engine.
/// </summary>
public sealed class SimulationTests(MutatedEngine mutated) : IClassFixture<MutatedEngine>
{
    /// <summary>The judge must find each mutant within that many seeds.</summary>
    private const int Few = 1500;

    /// <summary>Seeds that show that a mutated engine without its faults is the engine.</summary>
    private const int Some = 25;

    /// <summary>With every run, each eighth fault that is found soon; with <c>BURROW_TORTURE=full</c>, all.</summary>
    public static TheoryData<string> Mutants =>
        [.. Mutant.All.Where((mutant, i) => TortureSize.IsFull || (i % 8 == 0 && !mutant.IsRare)).Select(mutant => mutant.Name)];

    [Fact]
    public void Many_seeds_keep_every_promise()
    {
        var runner = new Runner(goesOn: true, trace: null);

        runner.Run(1, TortureSize.Seeds);

        runner.Failed.Select(failed => $"{failed.Violation}\n{runner.Replay(failed.Seed)}").ShouldBeEmpty();
        runner.Ran.ShouldBe(TortureSize.Seeds);
        runner.Requests.ShouldBeGreaterThan(100 * TortureSize.Seeds);
    }

    [Fact]
    public void A_thousand_seeds_of_two_deployments_keep_every_promise()
    {
        var runner = new Runner(goesOn: true, trace: null, WorldKind.Relays);

        runner.Run(1, 1000);

        runner.Failed.Select(failed => $"{failed.Violation}\n{runner.Replay(failed.Seed)}").ShouldBeEmpty();
        runner.Ran.ShouldBe(1000);
        runner.Requests.ShouldBeGreaterThan(20_000, "so many messages were relayed");
    }

    [Fact]
    public void Many_seeds_of_two_deployments_with_mirrors_keep_every_promise()
    {
        var runner = new Runner(goesOn: true, trace: null, WorldKind.Mirrors);

        runner.Run(1, TortureSize.SeedsOfMirrors);

        runner.Failed.Select(failed => $"{failed.Violation}\n{runner.Replay(failed.Seed)}").ShouldBeEmpty();
        runner.Ran.ShouldBe(TortureSize.SeedsOfMirrors);
        runner.Requests.ShouldBeGreaterThan(20 * TortureSize.SeedsOfMirrors, "so many messages were mirrored");
    }

    [Fact]
    public void A_seed_is_the_same_history_each_time()
    {
        for (var seed = 1; seed <= 5; seed++)
        {
            RelaySimulation.Run(seed, mirrors: false).ShouldBe(RelaySimulation.Run(seed, mirrors: false));
            RelaySimulation.Run(seed, mirrors: true).ShouldBe(RelaySimulation.Run(seed, mirrors: true));
            var first = Burrow.Simulation.Simulation.Run(seed);
            Burrow.Simulation.Simulation.Run(seed).ShouldBe(first);
            Burrow.Simulation.Simulation.Run(seed, _ => { }).ShouldBe(first);
        }
    }

    [Theory]
    [MemberData(nameof(Mutants))]
    public async Task A_fault_in_the_engine_is_caught(string name)
    {
        var mutant = Mutant.All.Single(mutant => mutant.Name == name);
        foreach (var kind in mutant.Worlds)
            (await mutated.RunAsync(name, Few, kind)).ShouldMatch(@"\ASeed \d+: ");
    }

    [Fact]
    public async Task Without_its_faults_the_mutated_engine_is_the_engine()
    {
        (await mutated.RunAsync(null, Some)).ShouldContain(": 0 failed");
        (await mutated.RunAsync(null, Some, WorldKind.Relays)).ShouldContain(": 0 failed");
        (await mutated.RunAsync(null, Some, WorldKind.Mirrors)).ShouldContain(": 0 failed");
    }
}

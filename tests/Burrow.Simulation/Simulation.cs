using Burrow.Simulation.Clients;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation;

/// <summary>One seed: a world, what its clients do, and what became of it.</summary>
internal static class Simulation
{
    /// <summary>Runs a seed from its beginning to empty tables.</summary>
    /// <param name="seed">The same seed is the same history, in every process.</param>
    /// <param name="trace">Told of all that happens, in words.</param>
    public static Outcome Run(int seed, Action<string>? trace = null)
    {
        var random = new Random(seed);
        var scheduler = new Scheduler(random.Next());
        var conditions = Conditions.Draw(random);
        var timeline = new Timeline(Chance.Universe(random));
        var fingerprint = new Fingerprint();
        var requests = new RequestLog(trace, fingerprint);
        trace?.Invoke(conditions.ToString());
        try
        {
            scheduler.Run(async () =>
            {
                var cluster = new Cluster(scheduler, random, conditions, timeline, requests);
                var workload = new Workload(scheduler, random, cluster, timeline);
                await workload.RunAsync();
                cluster.CalmDown();
                // Until all that was sent has arrived, or never will.
                await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
                if (random.Next(2) == 0)
                    cluster.Restart();
                await workload.CheckAsync();
                // What waits for it expires meanwhile.
                if (random.Next(3) == 0)
                    await CountedAsync(scheduler, cluster);
                await workload.DrainAsync();
                await EmptyAsync(scheduler, cluster);
                var judge = new FinalJudge(timeline, requests);
                judge.JudgeEnded();
                judge.JudgeUntold();
            });
            return new(seed, null, fingerprint.Value, requests.All.Count);
        }
        catch (Exception e)
        {
            // What nobody expected is a violation, too.
            var violation = e is Violation ? e.Message : e.ToString();
            trace?.Invoke(violation);
            return new(seed, violation, fingerprint.Value, requests.All.Count);
        }
    }

    /// <summary>Once nothing fails any more, the counts are right: within as many minutes as the timer visits a queue after it was changed.</summary>
    private static async Task CountedAsync(Scheduler scheduler, Cluster cluster)
    {
        for (var minutes = 0; cluster.Miscounted().Count > 0; minutes++)
        {
            if (minutes > 20)
                throw new Violation($"These queues are counted wrong: {string.Join(", ", cluster.Miscounted())}.");
            await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>The timer, which comes each minute, leaves no row in any table.</summary>
    private static async Task EmptyAsync(Scheduler scheduler, Cluster cluster)
    {
        for (var minutes = 0; cluster.Rows().Count > 0; minutes++)
        {
            if (minutes > 40)
                throw new Violation($"These rows are never removed: {string.Join(", ", cluster.Rows())}.");
            await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
        }
    }
}

/// <summary>What became of a seed.</summary>
/// <param name="Seed">Which.</param>
/// <param name="Violation">The promise that was not kept, or null.</param>
/// <param name="Fingerprint">Of all that happened, in its order.</param>
/// <param name="Requests">How many there were.</param>
internal sealed record Outcome(int Seed, string? Violation, ulong Fingerprint, int Requests);

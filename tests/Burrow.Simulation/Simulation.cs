using Burrow.Simulation.Clients;
using Burrow.Simulation.Judging;
using Burrow.Simulation.World;

namespace Burrow.Simulation;

/// <summary>Runs one seed: a world, what its clients do, and the outcome.</summary>
internal static class Simulation
{
    /// <summary>Runs a seed from its beginning until all tables are empty.</summary>
    /// <param name="seed">The same seed gives the same history, in every process.</param>
    /// <param name="trace">Receives all that happens, in words.</param>
    public static SeedOutcome Run(int seed, Action<string>? trace = null)
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
                // After this, every request that was sent has arrived, or never will.
                await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
                if (random.Next(2) == 0)
                    cluster.Restart();
                await workload.CheckAsync();
                await workload.SettleAsync();
                // Messages expire during this wait, so not every seed waits.
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
            // An unexpected exception is a violation, too.
            var violation = e is Violation ? e.Message : e.ToString();
            trace?.Invoke(violation);
            return new(seed, violation, fingerprint.Value, requests.All.Count);
        }
    }

    /// <summary>
    /// Requires that the counts become right once nothing fails any more and the queue is changed. A queue is counted once in as many
    /// minutes as it has pages, and at most 20 pages are counted (docs/design/counts.md). After a count that corrected something comes
    /// another one.
    /// </summary>
    private static async Task CountedAsync(Scheduler scheduler, Cluster cluster)
    {
        cluster.VisitMiscounted();
        for (var minutes = 0; cluster.Miscounted().Count > 0; minutes++)
        {
            if (minutes > 2 * (20 + 2))
                throw new Violation($"These queues are counted wrong: {string.Join(", ", cluster.Miscounted())}.");
            await scheduler.DelayAsync(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>Requires that the timer, which runs each minute, leaves no row in any table.</summary>
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

/// <summary>The outcome of a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Violation">The promise that was not kept, or null.</param>
/// <param name="Fingerprint">A hash of all that happened, in its order.</param>
/// <param name="Requests">How many requests the clients sent.</param>
internal sealed record SeedOutcome(int Seed, string? Violation, ulong Fingerprint, int Requests);

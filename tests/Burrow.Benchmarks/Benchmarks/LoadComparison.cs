using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Runs load once, over that many connections and for that time.</summary>
internal delegate Task<RunResult> LoadAsync(int connections, TimeSpan time);

/// <summary>What is measured: a process under load, and the storage floor that belongs to it.</summary>
/// <param name="Name">The name of the process.</param>
/// <param name="Load">Performs one run.</param>
/// <param name="PrepareFloor">Prepares the floor for that many connections. The floor then runs repeatedly. Null means that there
/// is no floor.</param>
internal sealed record Contestant(string Name, LoadAsync Load, Func<int, Task<Func<Task<RunResult>>>>? PrepareFloor = null);

/// <summary>A figure, and the figures of its floors.</summary>
internal sealed record Compared(RunResult Figure, RunResult Bare, RunResult? Floor)
{
    public double OfBare => Figure.Rate / Bare.Rate;

    public double OfFloor => Figure.Rate / Floor!.Rate;
}

/// <summary>
/// Runs load on every contestant and every floor. All are warmed up, then run in turn, so that other load on the machine affects
/// all of them. The figures are medians.
/// </summary>
internal static class LoadComparison
{
    /// <summary>The columns of <see cref="RunAsync"/>.</summary>
    public static string[] Columns(string unit) =>
    [
        "process",
        "connections",
        unit,
        "p50",
        "p99",
        "bare endpoint",
        "of it",
        "bare tables",
        "of it",
        "messages per transaction (process; floor)",
    ];

    public static async Task<Dictionary<(string Name, int Connections), Compared>> RunAsync(
        Session session, Section section, LoadAsync bare, params IReadOnlyList<Contestant> contestants)
    {
        var all = new Dictionary<(string, int), Compared>();
        // Tiered compilation settles sooner under much load than under little load.
        foreach (var load in contestants.Select(contestant => contestant.Load).Prepend(bare))
            await load(Sizes.Connections[^1], session.Time);
        foreach (var connections in Sizes.Connections)
        {
            var floors = new List<Func<Task<RunResult>>?>();
            await bare(connections, session.Time / 2);
            foreach (var contestant in contestants)
            {
                await contestant.Load(connections, session.Time / 2);
                var floor = contestant.PrepareFloor is { } prepare ? await prepare(connections) : null;
                floors.Add(floor);
                await WarmUpAsync(floor, session.Time / 2);
            }

            var (bareRuns, figures, floorRuns) = (new List<RunResult>(), contestants.Select(
                _ => new List<RunResult>()).ToList(), contestants.Select(_ => new List<RunResult>()).ToList());
            for (var run = 0; run < session.Runs; run++)
            {
                bareRuns.Add(await bare(connections, session.Time));
                for (var i = 0; i < contestants.Count; i++)
                {
                    figures[i].Add(await contestants[i].Load(connections, session.Time));
                    if (floors[i] is { } floor)
                        floorRuns[i].Add(await floor());
                    Progress.Tell($"  {contestants[i].Name}, over {connections}: {Format.Rate(figures[i][^1].Rate)}");
                }
            }

            for (var i = 0; i < contestants.Count; i++)
            {
                var compared = new Compared(
                    RunResult.Median(figures[i]), RunResult.Median(bareRuns), floors[i] is null ? null : RunResult.Median(floorRuns[i]));
                all[(contestants[i].Name, connections)] = compared;
                section.Add(RowOf(contestants[i].Name, connections, compared));
            }
        }

        return all;
    }

    private static async Task WarmUpAsync(Func<Task<RunResult>>? floor, TimeSpan time)
    {
        for (var begun = Stopwatch.GetTimestamp(); floor is not null && Stopwatch.GetElapsedTime(begun) < time;)
            await floor();
    }

    private static string[] RowOf(string name, int connections, Compared compared)
    {
        var (figure, bare, floor) = compared;
        return
        [
            name,
            $"{connections}",
            Format.Rate(figure.Rate),
            Format.Time(figure.P50),
            Format.Time(figure.P99),
            Format.Rate(bare.Rate),
            Format.Ratio(compared.OfBare),
            floor is null ? Format.None : Format.Rate(floor.Rate),
            floor is null ? Format.None : Format.Ratio(compared.OfFloor),
            $"{GroupOf(figure)}; {GroupOf(floor)}",
        ];
    }

    private static string GroupOf(RunResult? result) => result is { Group: > 0 } ? $"{result.Group:0.0}" : Format.None;
}

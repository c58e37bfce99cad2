using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Queues;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>A worker's cycle on a queue of one priority, and on one of ten.</summary>
internal sealed class Priorities(Session session)
{
    private const int Connections = 32;
    private const int All = QueueLimits.MaxPriority + 1;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Claim one and delete it, with priorities",
            $"The same cycle over {Connections} connections, on a queue whose messages have one priority, and on one with as many messages "
            + $"of each of the {All} priorities. The runs take turns.",
            "process", "1 priority", $"{All} priorities", "of it");
        foreach (var (server, perSecond) in ((Server, int)[])[(await session.MemoryAsync(), 60_000), (await session.SqliteAsync(), 20_000)])
        {
            var (one, ten) = (new List<RunResult>(), new List<RunResult>());
            // The first run of each is for warming up.
            for (var run = 0; run <= session.Runs; run++)
            {
                one.Add(await LoadAsync(server, perSecond, 1));
                ten.Add(await LoadAsync(server, perSecond, All));
                Progress.Tell($"  {server.Name}: {Format.Rate(one[^1].Rate)}, {Format.Rate(ten[^1].Rate)}");
            }

            var (plain, prior) = (RunResult.Median(one[1..]).Rate, RunResult.Median(ten[1..]).Rate);
            section.Add(server.Name, Format.Rate(plain), Format.Rate(prior), Format.Ratio(prior / plain));
            section.AtLeast($"claim and delete with {All} priorities, {server.Name}, of one", 0.85, prior / plain, Format.Ratio);
        }

        return section;
    }

    private async Task<RunResult> LoadAsync(Server server, int perSecond, int priorities)
    {
        var queue = Server.NewQueue();
        var each = 500 * (int)Math.Ceiling(perSecond * session.Time.TotalSeconds / 500 / priorities);
        for (var i = 0; i < priorities; i++)
        {
            var priority = priorities == 1 ? QueueLimits.DefaultPriority : i;
            await server.FillAsync(queue, i * each, each, Sizes.Text, $",\"priority\":{priority}");
        }

        var result = await Generator.RunAsync(server.Address, Connections, Budget.Of(session.Time), 1, () => Cycle.Step(queue));
        await server.EmptyAsync(queue);
        return result;
    }
}

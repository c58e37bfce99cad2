using System.Text.Json.Serialization;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Embedded;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>The queue within a process: no server, no socket.</summary>
internal sealed partial class EmbeddedQueue(Session session)
{
    private static readonly TimeSpan Hide = TimeSpan.FromMinutes(1);

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Embedded",
            "`Burrow.Embedded` in this process. `BoundedQueue`: each task puts an item and gets one. The client: each task puts a message "
            + "of 1 KiB, claims one and says that it is done. p50 and p99 are for all of a task's round.",
            "storage", "what", "tasks", "rounds", "p50", "p99");
        using var folder = new TemporaryFolder();
        foreach (var (storage, file) in ((string, string?)[])[("memory", null), ("SQLite", folder.File("embedded.db"))])
        {
            await using var burrow = await EmbeddedBurrow.StartAsync(new() { File = file });
            foreach (var tasks in Sizes.Connections)
            {
                using var queue = await burrow.OpenBoundedQueueAsync($"items-{tasks}", ItemsJson.Default.Int64);
                var items = await RunAsync(tasks, async number =>
                {
                    await queue.PutAsync(number);
                    await queue.GetAsync();
                });
                Add(section, storage, "BoundedQueue: put, get", tasks, items);
                var messages = burrow.Account("bench").BytesQueue($"messages-{tasks}");
                Add(section, storage, "client: put, claim, done", tasks, await RunAsync(tasks, async _ =>
                {
                    await messages.PutAsync(Sizes.Body);
                    await (await messages.ClaimAsync(Hide))!.DoneAsync();
                }));
                if (file is not null)
                    continue;
                if (tasks == 1)
                    section.AtMost("embedded, memory: put and get, p50", 0.05, items.P50.TotalMilliseconds, Format.Milliseconds);
                else if (tasks == Sizes.Connections[^1])
                    section.AtLeast($"embedded, memory: put and get, {tasks} tasks", 200_000, items.Rate, Format.Rate);
            }
        }

        return section;
    }

    private static void Add(Section section, string storage, string what, int tasks, RunResult result) => section.Add(
        storage, what, $"{tasks}", Format.Rate(result.Rate), Format.Time(result.P50), Format.Time(result.P99));

    private async Task<RunResult> RunAsync(int tasks, Func<long, ValueTask> round)
    {
        var runs = new List<RunResult>();
        // The first run is for warming up.
        for (var run = 0; run <= session.Runs; run++)
            runs.Add(await Generator.RunAsync(Budget.Of(session.Time), 1, [.. Enumerable.Repeat(round, tasks)]));
        return RunResult.Median(runs[1..]);
    }

    [JsonSerializable(typeof(long))]
    private sealed partial class ItemsJson : JsonSerializerContext;
}

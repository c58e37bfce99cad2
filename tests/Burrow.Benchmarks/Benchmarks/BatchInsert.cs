using System.Collections.Concurrent;
using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Many messages in one request: <c>POST /batch</c>.</summary>
internal sealed class BatchInsert(Session session)
{
    private const int Items = 100;

    private static readonly string Line = $$"""{"id":"000000000000","body":"{{Sizes.Text}}"}""" + "\n";

    /// <summary>The length of a response, which has each item's id, status and ETag.</summary>
    private static readonly int Answer = 1 + Items * """{"id":"000000000000","status":201,"etag":"\u0022aaaaaaaaaaaaaaaa\u0022"},""".Length;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Batches of 100",
            "`POST /batch/{account}/{queue}` with 100 lines of JSON, one message of 1 KiB each, and the default ttl. "
            + "p50 and p99 are for a whole batch. "
            + "All connections put to one queue, whose transactions run one after another. "
            + "\"a queue each\": each connection puts to its own queue.",
            LoadComparison.Columns("messages"));
        var body = string.Concat(Enumerable.Repeat(Line, Items));
        var results = await LoadComparison.RunAsync(
            session,
            section,
            BareLoad.Of(await session.BareAsync(), Items, ("POST", 200, Answer, body)),
            Contestant(await session.MemoryAsync(), FloorStores.Memory((store, connections) => RecordAsync(store, connections, 300))),
            Contestant(await session.SqliteAsync(), FloorStores.Sqlite((store, connections) => RecordAsync(store, connections, 150))),
            new("memory, a queue each", (connections, time) => LoadQueuesAsync(session.MemoryAsync, connections, time)),
            new("sqlite, a queue each", (connections, time) => LoadQueuesAsync(session.SqliteAsync, connections, time)));

        section.AtLeast("batches of 100, memory, 32 connections, messages", 100_000, results[("memory", 32)].Figure.Rate, Format.Rate);
        section.AtLeast("batches of 100, SQLite, 32 connections, messages", 40_000, results[("sqlite", 32)].Figure.Rate, Format.Rate);
        return section;
    }

    private static Contestant Contestant(Server server, Func<int, Task<Func<Task<RunResult>>>> floor)
    {
        return new(server.Name, LoadAsync, floor);

        async Task<RunResult> LoadAsync(int connections, TimeSpan time)
        {
            var queue = Server.NewQueue();
            var result = await Generator.RunAsync(
                server.Address, connections, Budget.Of(time), Items, () => Server.PutBatch(queue, 0, Items, Sizes.Text));
            var groups = await Grouping.SampleAsync(server.Address, queue, Items * result.Count / 2, 500);
            await server.EmptyAsync(queue);
            return result with { Group = groups.Average() };
        }
    }

    /// <summary>Each connection puts to its own queue, so none waits for the transaction of another.</summary>
    private static async Task<RunResult> LoadQueuesAsync(Func<Task<Server>> process, int connections, TimeSpan time)
    {
        var server = await process();
        var queues = new ConcurrentBag<string>();
        var result = await Generator.RunAsync(server.Address, connections, Budget.Of(time), Items, () =>
        {
            var queue = Server.NewQueue();
            queues.Add(queue);
            return Server.PutBatch(queue, 0, Items, Sizes.Text);
        });
        foreach (var queue in queues)
            await server.EmptyAsync(queue);
        return result;
    }

    private static Task<Trace> RecordAsync(ITableStore store, int clients, int batches) => Recorder.RecordAsync(
        store,
        clients,
        batches,
        Items,
        _ => Task.CompletedTask,
        (engine, number) => Task.WhenAll(Enumerable.Range(0, Items).Select(i => Recorder.PutAsync(engine, number * Items + i))));
}

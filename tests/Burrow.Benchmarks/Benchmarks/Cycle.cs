using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Queues;
using Burrow.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>A worker's cycle: it claims one message and deletes it.</summary>
internal sealed class Cycle(Session session)
{
    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Claim one and delete it",
            "`POST ?limit=1&hide=60&detail=all`, then `DELETE` by id, on a queue that is never empty. "
            + "Messages have 1 KiB and the default ttl. p50 and p99 are for both requests together. "
            + "The bare tables repeat the engine's requests to them, with as many clients and without HTTP.",
            LoadComparison.Columns("cycles"));
        var results = await LoadComparison.RunAsync(
            session,
            section,
            BareLoad.Of(await session.BareAsync(), 1, ("POST", 200, Sizes.AnswerLength(1), ""), ("DELETE", 200, 0, "")),
            Contestant(
                await session.MemoryAsync(),
                perSecond: 60_000,
                FloorStores.Memory((store, connections) => RecordAsync(store, connections, 10_000))),
            Contestant(
                await session.SqliteAsync(),
                perSecond: 20_000,
                FloorStores.Sqlite((store, connections) => RecordAsync(store, connections, 100 * Math.Min(10 * connections, 50)))));

        section.AtLeast("claim and delete, memory, 32 connections", 5_000, results[("memory", 32)].Figure.Rate, Format.Rate);
        section.AtLeast("claim and delete, SQLite, 32 connections", 2_000, results[("sqlite", 32)].Figure.Rate, Format.Rate);
        return section;
    }

    /// <param name="server">The process.</param>
    /// <param name="perSecond">More cycles per second than the process can do. The queue gets that many messages for each
    /// second.</param>
    /// <param name="floor">The storage floor of the process.</param>
    private static Contestant Contestant(Server server, int perSecond, Func<int, Task<Func<Task<RunResult>>>> floor)
    {
        return new(server.Name, LoadAsync, floor);

        async Task<RunResult> LoadAsync(int connections, TimeSpan time)
        {
            var queue = Server.NewQueue();
            await server.FillAsync(queue, 0, 500 * (int)Math.Ceiling(perSecond * time.TotalSeconds / 500), Sizes.Text, "");
            var result = await Generator.RunAsync(server.Address, connections, Budget.Of(time), 1, () => Step(queue));
            await server.EmptyAsync(queue);
            return result;
        }
    }

    /// <summary>Claims a message of that queue and deletes it.</summary>
    public static Step Step(string queue)
    {
        var claim = new HttpRequestBytes("POST", $"/v1.0/{queue}?limit=1&hide=60&detail=all");
        var delete = new HttpRequestBytes("DELETE", $"/v1.0/{queue}/{HttpRequestBytes.Number}");
        return async (connection, _) =>
        {
            var claimed = await connection.SendAsync(claim.Bytes, 200);
            await connection.SendAsync(delete.With(MessageJson.NumberOf(claimed)), 200);
        };
    }

    private static Task<Trace> RecordAsync(ITableStore store, int clients, int cycles) => Recorder.RecordAsync(
        store,
        clients,
        cycles,
        1,
        engine => Task.WhenAll(Enumerable.Range(0, cycles).Select(number => Recorder.PutAsync(engine, number))),
        async (engine, _) =>
        {
            var claimed = await engine.UpdateAsync(
                Recorder.Queue, new() { Limit = 1 }, new(null, 60), TimeSpan.Zero, CancellationToken.None);
            await engine.DeleteAsync(Recorder.Queue, claimed.Messages.Single().Id, Precondition.None, Detail.None, CancellationToken.None);
        });
}

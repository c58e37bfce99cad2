using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Lists of many messages, with their bodies.</summary>
internal sealed class ListMany(Session session)
{
    private const int Messages = 1000;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Lists of 1,000",
            "`GET` of a queue of 1,000 messages of 1 KiB: an answer of 1 MiB.",
            LoadComparison.Columns("lists"));
        var results = await LoadComparison.RunAsync(
            session,
            section,
            BareLoad.Of(await session.BareAsync(), 1, ("GET", 200, Sizes.AnswerLength(Messages), "")),
            await ContestantAsync(await session.MemoryAsync(), FloorStores.Memory((store, connections) => RecordAsync(store, connections))),
            await ContestantAsync(
                await session.SqliteAsync(), FloorStores.Sqlite((store, connections) => RecordAsync(store, connections))));
        section.AtLeast("lists of 1,000 with bodies, memory, 32 connections", 400, results[("memory", 32)].Figure.Rate, Format.Rate);
        section.AtLeast("lists of 1,000 with bodies, SQLite, 32 connections", 400, results[("sqlite", 32)].Figure.Rate, Format.Rate);
        return section;
    }

    private static async Task<Contestant> ContestantAsync(Server server, Func<int, Task<Func<Task<RunResult>>>> floor)
    {
        var queue = Server.NewQueue();
        await server.FillAsync(queue, 0, Messages, Sizes.Text, ",\"ttl\":0");
        return new(
            server.Name,
            (connections, time) => Generator.RunAsync(server.Address, connections, Budget.Of(time), 1, () =>
            {
                var list = new HttpRequestBytes("GET", $"/v1.0/{queue}");
                return async (connection, _) => MessageJson.Check(await connection.SendAsync(list.Bytes, 200), Messages);
            }),
            floor);
    }

    private static Task<Trace> RecordAsync(ITableStore store, int clients) => Recorder.RecordAsync(
        store,
        clients,
        500,
        1,
        engine => Task.WhenAll(Enumerable.Range(0, Messages).Select(number => Recorder.PutAsync(engine, number))),
        (engine, _) => engine.ListAsync(Recorder.Queue, new(), TimeSpan.Zero, CancellationToken.None));
}

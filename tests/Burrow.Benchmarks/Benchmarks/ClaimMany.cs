using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Claims of many messages at once, with their bodies.</summary>
internal sealed class ClaimMany(Session session)
{
    private const int Limit = 100;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Claims of 100",
            "`POST ?limit=100&hide=60&detail=all` on messages of 1 KiB with the default ttl. "
            + "Each run claims the messages that were put before it, all but a rest. p50 and p99 are for a whole claim.",
            LoadComparison.Columns("messages"));
        var results = await LoadComparison.RunAsync(
            session,
            section,
            BareLoad.Of(await session.BareAsync(), Limit, ("POST", 200, Sizes.AnswerLength(Limit), "")),
            new Contestant("memory", LoadAsync, FloorStores.Memory((store, connections) => RecordAsync(store, connections, 200))));
        section.AtLeast("claims of 100, memory, 32 connections, messages", 60_000, results[("memory", 32)].Figure.Rate, Format.Rate);
        return section;
    }

    private async Task<RunResult> LoadAsync(int connections, TimeSpan time)
    {
        var server = await session.MemoryAsync();
        var queue = Server.NewQueue();
        var claims = session.Scale(500);
        await server.FillAsync(queue, 0, claims * Limit + 1000, Sizes.Text, "");
        var result = await Generator.RunAsync(server.Address, connections, Budget.Of(claims), Limit, () =>
        {
            var claim = new HttpRequestBytes("POST", $"/v1.0/{queue}?limit={Limit}&hide=60&detail=all");
            return async (connection, _) => MessageJson.Check(await connection.SendAsync(claim.Bytes, 200), Limit);
        });
        await server.EmptyAsync(queue);
        return result;
    }

    private static Task<Trace> RecordAsync(ITableStore store, int clients, int claims) => Recorder.RecordAsync(
        store,
        clients,
        claims,
        Limit,
        engine => Task.WhenAll(Enumerable.Range(0, claims * Limit).Select(number => Recorder.PutAsync(engine, number))),
        (engine, _) => engine.UpdateAsync(Recorder.Queue, new() { Limit = Limit }, new(null, 60), TimeSpan.Zero, CancellationToken.None));
}

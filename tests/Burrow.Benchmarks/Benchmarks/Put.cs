using Burrow.Benchmarks.Floors;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Queues;
using Burrow.Tables.Azure;
using Burrow.Tables.Memory;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary><c>PUT</c> of new messages, one per request.</summary>
internal sealed class Put(Session session)
{
    /// <summary>How many puts are recorded. At most that many are replayed.</summary>
    private const int Recorded = 40_000;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "PUT",
            "One message of 1 KiB per request, with the default ttl; each run uses a new queue. "
            + "The bare tables repeat the process's transactions for as many messages. "
            + "The sequences of the messages show how the process grouped its puts. "
            + "\"without log\" is the memory process with `Logging__LogLevel__Default=Warning`; "
            + "by default it logs a line for each request. "
            + "On Azurite a run has a fixed number of messages, not a fixed time. So process and floor fill their tables equally.",
            LoadComparison.Columns("messages"));
        var trace = await Recorder.RecordAsync(new MemoryTableStore(), 32, Recorded, 1, _ => Task.CompletedTask, Recorder.PutAsync);
        var quiet = await session.StartAsync("memory, without log", "memory", ("Logging__LogLevel__Default", "Warning"));
        var results = await LoadComparison.RunAsync(
            session,
            section,
            BareLoad.Of(await session.BareAsync(), 1, ("PUT", 201, 0, Sizes.Text)),
            Contestant(await session.MemoryAsync(), trace, FloorStores.OnMemoryAsync),
            Contestant(quiet, trace, floor: null),
            Contestant(await session.SqliteAsync(), trace, FloorStores.OnSqliteAsync),
            await OnAzuriteAsync(trace));

        section.AtLeast("PUT, memory, 32 connections", 15_000, results[("memory", 32)].Figure.Rate, Format.Rate);
        section.AtLeast("PUT, memory, 32 connections, of the bare endpoint", 0.4, results[("memory", 32)].OfBare, Format.Ratio);
        section.AtLeast("PUT, SQLite with fsync, 32 connections", 5_000, results[("sqlite", 32)].Figure.Rate, Format.Rate);
        foreach (var connections in (int[])[1, 32])
        {
            section.AtLeast(
                $"PUT, Azurite, {connections} connection{(connections == 1 ? "" : "s")}, of the bare tables",
                0.8,
                results[("azurite", connections)].OfFloor,
                Format.Ratio);
        }

        return section;
    }

    private Contestant Contestant(Server server, Trace trace, Func<Trace, Task<RunResult>>? floor)
    {
        IReadOnlyList<int> groups = [];
        var messages = 0;
        return new(server.Name, LoadAsync, floor is null ? null : _ => Task.FromResult(() => floor(trace.Regrouped(groups, messages))));

        async Task<RunResult> LoadAsync(int connections, TimeSpan time)
        {
            var queue = Server.NewQueue();
            var result = await PutAsync(server, queue, connections, Budget.Of(time));
            messages = Math.Min(result.Count, Recorded);
            groups = connections == 1 ? [1] : await Grouping.SampleAsync(server.Address, queue, result.Count / 2, 1000);
            await server.EmptyAsync(queue);
            return result with { Group = groups.Average() };
        }
    }

    private async Task<Contestant> OnAzuriteAsync(Trace trace)
    {
        var azurite = await session.AzuriteAsync();
        // Azurite's requests take longer the more rows a table has. So the floor's tables get as many messages as the process's
        // tables.
        var server = await session.StartAsync("azurite", $"azure:{azurite}", ("Burrow__Storage__TablePrefix", "measured"));
        var measured = AzureTableStore.Connect(azurite, "measured").Open(QueueEngine.TableNames[0]);
        var floor = AzureTableStore.Connect(azurite, "floor");
        IReadOnlyList<int> groups = [];
        var messages = 0;
        return new(
            server.Name,
            LoadAsync,
            _ => Task.FromResult(() => Replay.RunAsync(floor, trace.Regrouped(groups, messages), Guid.NewGuid().ToString("n"))));

        async Task<RunResult> LoadAsync(int connections, TimeSpan time)
        {
            var queue = Server.NewQueue();
            messages = session.Scale(connections switch { 1 => 250, 8 => 600, _ => 1200 });
            var result = await PutAsync(server, queue, connections, Budget.Of(messages));
            groups = connections == 1 ? [1] : await Grouping.ReadAsync(measured, new(new("bench"), new(queue.Split('/')[1])));
            return result with { Group = groups.Average() };
        }
    }

    private static Task<RunResult> PutAsync(Server server, string queue, int connections, Budget budget) =>
        Generator.RunAsync(server.Address, connections, budget, 1, () =>
        {
            var request = new HttpRequestBytes("PUT", $"/v1.0/{queue}/{HttpRequestBytes.Number}", Sizes.Text);
            return async (connection, number) => await connection.SendAsync(request.With(number), 201);
        });
}

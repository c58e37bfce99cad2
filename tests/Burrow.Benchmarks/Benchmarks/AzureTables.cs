using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Benchmarks.Tables;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>What a message costs the process when it stores in Azure tables.</summary>
internal sealed class AzureTables(Session session)
{
    private const int Items = 100;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "Azure tables",
            "The processor time of the process for each message, while it stores in Azure tables. The tables are a server in memory "
            + "that speaks what Azure.Data.Tables sends, so that storage isn't the limit. Its time isn't counted. "
            + "Messages have 1 KiB and the default ttl; the process logs no requests.",
            "operation",
            "connections",
            "azure, CPU per message",
            "memory, CPU per message",
            "azure, messages",
            "memory, messages",
            "sent to storage per message");
        (string, string) quiet = ("Logging__LogLevel__Default", "Warning");
        var tables = await session.TablesAsync();
        var azure = await session.StartAsync("azure", $"azure:{TableServer.ConnectionString(tables)}", quiet);
        var memory = await session.StartAsync("memory", "memory", quiet);
        var measured = new Dictionary<(string, int), double>();
        foreach (var (name, connections, items, step) in Operations())
        {
            List<(double Cpu, double Rate, double Sent)> all = [];
            foreach (var server in (Server[])[azure, memory])
            {
                var queue = Server.NewQueue();
                await RunAsync(server, connections, WarmUp, items, () => step(queue));
                var runs = new List<(double Cpu, double Rate, double Sent)>();
                for (var i = 0; i < session.Runs; i++)
                {
                    var before = await TableServer.ReceivedAsync(tables);
                    var (cpu, rate, messages) = await RunAsync(server, connections, session.Time, items, () => step(queue));
                    runs.Add((cpu, rate, (await TableServer.ReceivedAsync(tables) - before) / messages));
                }

                all.Add(runs.OrderBy(run => run.Cpu).ElementAt(runs.Count / 2));
                await server.EmptyAsync(queue);
            }

            measured[(name, connections)] = all[0].Cpu;
            section.Add(
                name,
                Format.Count(connections),
                Format.Milliseconds(all[0].Cpu),
                Format.Milliseconds(all[1].Cpu),
                Format.Rate(all[0].Rate),
                Format.Rate(all[1].Rate),
                Format.Count(Math.Round(all[0].Sent)) + " B");
        }

        section.AtMost("PUT, Azure tables, 16 connections, CPU", 0.3, measured[("put", 16)], Format.Milliseconds);
        return section;
    }

    private static IEnumerable<(string Name, int Connections, int Items, Func<string, Step> Step)> Operations() =>
    [
        ("put", 1, 1, Server.PutNew),
        ("put", 16, 1, Server.PutNew),
        ("put, claim and delete", 1, 1, Cycle),
        ("put, claim and delete", 16, 1, Cycle),
        ("batch of 100", 4, Items, queue => Server.PutBatch(queue, Server.NewFirst(), Items, Sizes.Text)),
        ("batch of 100, claim of 100, batch of deletes", 4, Items, CycleMany),
    ];

    /// <returns>Milliseconds of the processor for each message, messages a second, and messages.</returns>
    private static async Task<(double Cpu, double Rate, double Messages)> RunAsync(
        Server server, int connections, TimeSpan time, int items, Func<Step> step)
    {
        var before = server.Used;
        var result = await Generator.RunAsync(server.Address, connections, Budget.Of(time), items, step);
        double messages = result.Count * items;
        return ((server.Used - before).TotalMilliseconds / messages, result.Rate, messages);
    }

    private static Step Cycle(string queue)
    {
        var put = Server.PutNew(queue);
        var claim = new HttpRequestBytes("POST", $"/v1.0/{queue}?limit=1&hide=60&detail=all");
        var delete = new HttpRequestBytes("DELETE", $"/v1.0/{queue}/{HttpRequestBytes.Number}");
        return async (connection, number) =>
        {
            await put(connection, number);
            var claimed = await connection.SendAsync(claim.Bytes, 200);
            await connection.SendAsync(delete.With(MessageJson.NumberOf(claimed)), 200);
        };
    }

    private static Step CycleMany(string queue)
    {
        var put = Server.PutBatch(queue, Server.NewFirst(), Items, Sizes.Text);
        var claim = new HttpRequestBytes("POST", $"/v1.0/{queue}?limit={Items}&hide=60&detail=all");
        return async (connection, number) =>
        {
            await put(connection, number);
            var ids = MessageJson.NumbersOf(await connection.SendAsync(claim.Bytes, 200));
            var lines = string.Concat(ids.Select(id => $$"""{"op":"delete","id":"{{id:d12}}"}""" + "\n"));
            var delete = new HttpRequestBytes("POST", $"/batch/{queue}", lines, "application/x-ndjson");
            await connection.SendAsync(delete.Bytes, 200);
        };
    }
}

using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;
using Burrow.Client;
using Burrow.Client.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>What the .NET client and its workers cost, beside the same requests over raw sockets.</summary>
internal sealed class DotNetClient(Session session)
{
    private const int Connections = 32;
    private const double Wanted = 0.7;

    private static readonly TimeSpan Hide = TimeSpan.FromMinutes(1);

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "The .NET client",
            $"`Burrow.Client` with {Connections} requests under way, beside the same requests over {Connections} raw sockets. Messages "
            + "have 1 KiB. A claim and `done` are two requests. The worker is a hosted service with that many handlers, each of which "
            + "returns at once; it claims in batches. The server shares the machine with the load, so what a client costs takes from "
            + "the server.",
            "process", "what", "raw sockets", "client", "of it", "p50 (raw; client)", "p99 (raw; client)");
        foreach (var (server, perSecond) in ((Server, int)[])[(await session.MemoryAsync(), 40_000), (await session.SqliteAsync(), 20_000)])
        {
            await CompareAsync(section, server, "put", RawPutAsync, PutAsync);
            await CompareAsync(section, server, "claim and done", RawCycleAsync, CycleAsync);
            await CompareAsync(section, server, "worker", RawCycleAsync, WorkAsync);

            Task<RunResult> RawCycleAsync() => FilledAsync(server, perSecond, queue =>
                Generator.RunAsync(server.Address, Connections, Budget.Of(session.Time), 1, () => RawCycle(queue)));

            Task<RunResult> CycleAsync() => FilledAsync(server, perSecond, async queue =>
            {
                using var client = new BurrowClient(server.Address);
                var claims = Open(client, queue);
                return await RunAsync(async _ => await (await claims.ClaimAsync(Hide))!.DoneAsync());
            });

            Task<RunResult> WorkAsync() => FilledAsync(server, perSecond, queue => WorkerAsync(server.Address, queue));

            Task<RunResult> RawPutAsync() => EmptiedAsync(server, queue => Generator.RunAsync(
                server.Address, Connections, Budget.Of(session.Time), 1, () =>
                {
                    var put = new HttpRequestBytes(
                        "PUT", $"/v1.0/{queue}/{HttpRequestBytes.Number}", Sizes.Text, headers: "If-None-Match: *\r\n");
                    return async (connection, number) => await connection.SendAsync(put.With(number), 201);
                }));

            Task<RunResult> PutAsync() => EmptiedAsync(server, async queue =>
            {
                using var client = new BurrowClient(server.Address);
                var puts = Open(client, queue);
                return await RunAsync(async _ => await puts.PutAsync(Sizes.Body));
            });
        }

        return section;
    }

    private async Task CompareAsync(
        Section section, Server server, string what, Func<Task<RunResult>> runRaw, Func<Task<RunResult>> runClient)
    {
        var (raw, client) = (new List<RunResult>(), new List<RunResult>());
        // The first run of each is for warming up.
        for (var run = 0; run <= session.Runs; run++)
        {
            raw.Add(await runRaw());
            client.Add(await runClient());
            Progress.Tell($"  {server.Name}, {what}: {Format.Rate(raw[^1].Rate)}, {Format.Rate(client[^1].Rate)}");
        }

        var (floor, figure) = (RunResult.Median(raw[1..]), RunResult.Median(client[1..]));
        var ratio = figure.Rate / floor.Rate;
        section.Add(
            server.Name,
            what,
            Format.Rate(floor.Rate),
            Format.Rate(figure.Rate),
            Format.Ratio(ratio),
            $"{Format.Time(floor.P50)}; {TimeOf(figure.P50)}",
            $"{Format.Time(floor.P99)}; {TimeOf(figure.P99)}");
        section.AtLeast($"the .NET client, {what}, {server.Name}, of raw sockets", Wanted, ratio, Format.Ratio);
    }

    /// <summary>A worker shows no latencies.</summary>
    private static string TimeOf(TimeSpan time) => time == default ? Format.None : Format.Time(time);

    private Task<RunResult> RunAsync(Func<long, ValueTask> operation) =>
        Generator.RunAsync(Budget.Of(session.Time), 1, [.. Enumerable.Repeat(operation, Connections)]);

    private static BurrowQueue<ReadOnlyMemory<byte>> Open(BurrowClient client, string queue) =>
        client.Account(queue.Split('/')[0]).BytesQueue(queue.Split('/')[1]);

    private Task<RunResult> FilledAsync(Server server, int perSecond, Func<string, Task<RunResult>> run) =>
        EmptiedAsync(server, async queue =>
        {
            await server.FillAsync(queue, 0, 500 * (int)Math.Ceiling(perSecond * session.Time.TotalSeconds / 500), Sizes.Text, "");
            return await run(queue);
        });

    private static async Task<RunResult> EmptiedAsync(Server server, Func<string, Task<RunResult>> run)
    {
        var queue = Server.NewQueue();
        var result = await run(queue);
        await server.EmptyAsync(queue);
        return result;
    }

    /// <summary>Claims a message as the client does, and says that it is done.</summary>
    private static Step RawCycle(string queue)
    {
        var claim = new HttpRequestBytes("POST", $"/v1.0/{queue}?limit=1&hide=60&detail=full");
        var done = new HttpRequestBytes(
            "POST",
            $"/v1.0/{queue}/{HttpRequestBytes.Number}?outcome=done",
            headers: $"If-Match: \"{HttpRequestBytes.Receipt}\"\r\n");
        return async (connection, _) =>
        {
            var claimed = await connection.SendAsync(claim.Bytes, 200);
            await connection.SendAsync(done.With(MessageJson.NumberOf(claimed), MessageJson.ReceiptOf(claimed)), 200);
        };
    }

    private async Task<RunResult> WorkerAsync(Uri address, string queue)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var handled = new Handled();
        builder.Services.AddSingleton(handled);
        builder.Services.AddBurrow(options => (options.Endpoint, options.Account) = (address, queue.Split('/')[0]));
        builder.Services.AddBurrowBytesWorker<Handler>(queue.Split('/')[1], options => options.MaxConcurrency = Connections);
        using var host = builder.Build();
        await host.StartAsync();
        var (before, begun) = (handled.Count, System.Diagnostics.Stopwatch.GetTimestamp());
        await Task.Delay(session.Time);
        var rate = (handled.Count - before) / System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await host.StopAsync();
        return new(rate, default, default);
    }

    private sealed class Handled
    {
        private long count;

        public long Count => Interlocked.Read(ref count);

        public void Add() => Interlocked.Increment(ref count);
    }

    private sealed class Handler(Handled handled) : IMessageHandler<ReadOnlyMemory<byte>>
    {
        public Task HandleAsync(ClaimedMessage<ReadOnlyMemory<byte>> message, CancellationToken cancellationToken)
        {
            handled.Add();
            return Task.CompletedTask;
        }
    }
}

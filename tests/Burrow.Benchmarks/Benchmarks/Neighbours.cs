using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>Whether many quiet accounts notice when one account sends as many requests as it can.</summary>
internal sealed class Neighbours(Session session)
{
    private const int Quiet = 50;
    private const int Abusive = 16;

    /// <summary>The average time between two requests of a quiet account.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly string admin = $"brw_admin-bench_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";

    public async Task<Section> RunAsync()
    {
        var time = 8 * session.Time;
        var section = new Section(
            "Quiet accounts beside an abusive one",
            "A local process in the mode Keys on memory tables, with the default quotas. "
            + $"Each of {Quiet} accounts puts, claims or deletes a message of 1 KiB every {Pace.TotalMilliseconds:0} ms on average. "
            + $"One abusive account sends requests without pause over {Abusive} connections: "
            + $"puts, batches of 1,000, and lists of everything it stored. Each run lasts {time.TotalSeconds:0.#} s.",
            "run", "the abusive one", "its requests", "of them served", "quiet requests", "p50", "p99");
        var server = await session.StartAsync(
            "keys", "memory", ("Burrow__Access__Mode", "Keys"), ("Burrow__Access__AdminKeys", admin));
        var keys = new List<string>();
        for (var i = 0; i <= Quiet; i++)
            keys.Add(await MakeKeyAsync(server, $"n{i}"));

        var ratios = new List<double>();
        for (var run = 0; run <= session.Runs; run++)
        {
            var alone = await QuietAsync(server, keys, time);
            using var ended = new CancellationTokenSource();
            var abuse = Task.WhenAll(
                Enumerable.Range(0, Abusive).Select(i => Task.Run(() => AbuseAsync(server, keys[Quiet], i, ended.Token))));
            var beside = await QuietAsync(server, keys, time);
            await ended.CancelAsync();
            var abused = await abuse;
            // The first run is for warming up.
            if (run == 0)
                continue;
            ratios.Add(beside.Percentile(0.99) / alone.Percentile(0.99));
            Add("absent", "", "", alone);
            Add(
                "there",
                Format.Rate(abused.Sum(one => one.Asked) / time.TotalSeconds),
                Format.Rate(abused.Sum(one => one.Served) / time.TotalSeconds),
                beside);

            void Add(string abusive, string asked, string served, Latencies quiet) => section.Add(
                $"{run}",
                abusive,
                asked,
                served,
                Format.Rate(quiet.Count / time.TotalSeconds),
                Format.Time(quiet.Percentile(0.5)),
                Format.Time(quiet.Percentile(0.99)));
        }

        section.AtMost(
            "p99 of quiet accounts beside an abusive one, to that without",
            2,
            ratios.Order().ElementAt(ratios.Count / 2),
            value => $"{value:0.00} x");
        return section;
    }

    private static async Task<Latencies> QuietAsync(Server server, IReadOnlyList<string> keys, TimeSpan time)
    {
        var budget = Budget.Of(time);
        var all = new Latencies();
        foreach (var one in await Task.WhenAll(Enumerable.Range(0, Quiet).Select(i => Task.Run(() => AskAsync(i)))))
            all.Add(one);
        return all;

        async Task<Latencies> AskAsync(int number)
        {
            using var connection = await Connection.OpenAsync(server.Address);
            var (path, key) = ($"/v1.0/n{number}/q", keys[number]);
            HttpRequestBytes[] requests =
            [
                new("PUT", $"{path}/m?ttl=0", new string('x', 1024), key: key),
                new("POST", $"{path}?limit=1&hide=60&detail=all", key: key),
                new("DELETE", $"{path}/m", key: key),
            ];
            var latencies = new Latencies();
            await Task.Delay(Random.Shared.Next((int)Pace.TotalMilliseconds));
            for (var i = 0; budget.TryTake(); i++)
            {
                var begun = Stopwatch.GetTimestamp();
                var answer = await connection.SendAsync(requests[i % 3].Bytes);
                latencies.Add(begun);
                if (answer.Status is not (200 or 201))
                    throw new BenchmarkException($"A quiet account was refused: {answer}");
                await Task.Delay(Pace * (0.5 + Random.Shared.NextDouble()));
            }

            // The queue is empty again, as it was before.
            await connection.SendAsync(new HttpRequestBytes("DELETE", $"{path}/m", key: key).Bytes);
            return latencies;
        }
    }

    private static async Task<(long Asked, long Served)> AbuseAsync(Server server, string key, int number, CancellationToken ended)
    {
        using var connection = await Connection.OpenAsync(server.Address);
        var path = $"n{Quiet}/q{number}";
        var batch = string.Concat(Enumerable.Repeat($$"""{"body":"{{new string('x', 1024)}}"}""" + "\n", 1000));
        HttpRequestBytes[] requests =
        [
            new("PUT", $"/v1.0/{path}/m", new string('x', 1024), key: key),
            new("POST", $"/batch/{path}", batch, "application/x-ndjson", key),
            new("GET", $"/v1.0/{path}", key: key),
        ];
        var (asked, served) = (0L, 0L);
        while (!ended.IsCancellationRequested)
        {
            var answer = await connection.SendAsync(requests[asked++ % 3].Bytes);
            served += answer.Status < 300 ? 1 : 0;
        }

        return (asked, served);
    }

    private async Task<string> MakeKeyAsync(Server server, string account)
    {
        using var connection = await Connection.OpenAsync(server.Address);
        var body = """{"allow":["send","receive","read","delete"]}""";
        var answer = await connection.SendAsync(
            new HttpRequestBytes("PUT", $"/keys/{account}/bench", body, "application/json", admin).Bytes, 201);
        return JsonDocument.Parse(Encoding.UTF8.GetString(answer.Body.Span)).RootElement.GetProperty("key").GetString()!;
    }
}

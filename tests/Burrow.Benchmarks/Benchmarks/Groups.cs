using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>How long quiet keys wait beside one that floods the queue, with a group for each key and without groups.</summary>
internal sealed class Groups(Session session)
{
    private const int Flood = 100_000;
    private const int Quiet = 1000;
    private const int Workers = 8;

    public async Task<Section> RunAsync()
    {
        var section = new Section(
            "One key that floods, and a thousand that do not",
            $"One key has {Flood:n0} messages on a queue, and then {Quiet:n0} keys put one each. {Workers} workers claim one message at a "
            + "time and delete it. The time runs from their start until the last of the quiet keys is served. With groups, the benchmark "
            + "checks that no key is ever served twice at once, or out of order.",
            "process", "without groups", "with groups", "claims and deletions per second", "with groups, of it");
        foreach (var server in (Server[])[await session.MemoryAsync(), await session.SqliteAsync()])
        {
            var (plain, plainRate) = await RunAsync(server, isGrouped: false);
            var (grouped, groupedRate) = await RunAsync(server, isGrouped: true);
            section.Add(
                server.Name,
                Format.Time(plain),
                Format.Time(grouped),
                $"{Format.Rate(plainRate)}, {Format.Rate(groupedRate)}",
                Format.Ratio(groupedRate / plainRate));
            var alone = TimeSpan.FromSeconds(Quiet / groupedRate);
            section.AtMost(
                $"quiet keys beside a flood, {server.Name}: of the time for all of them alone", 2, grouped / alone, Format.Ratio);
        }

        return section;
    }

    /// <returns>How long the quiet keys waited, and how many messages the workers served in a second.</returns>
    private static async Task<(TimeSpan Waited, double Rate)> RunAsync(Server server, bool isGrouped)
    {
        var queue = Server.NewQueue();
        // Over one connection, so that the messages are in the order of their ids.
        await server.FillAsync(queue, 0, Flood, Sizes.Text, isGrouped ? ",\"group\":\"flood\"" : "", connections: 1);
        using var http = new HttpClient { BaseAddress = server.Address };
        for (var key = 0; key < Quiet; key++)
        {
            var group = isGrouped ? $"&group=quiet-{key}" : "";
            using var answer = await http.PutAsync($"v1.0/{queue}/quiet-{key}?ttl=0{group}", new StringContent("quiet"));
            answer.EnsureSuccessStatusCode();
        }

        var (quiet, served, begun) = (0, 0, Stopwatch.GetTimestamp());
        var busy = new ConcurrentDictionary<string, bool>();
        var last = -1;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            while (Volatile.Read(ref quiet) < Quiet)
            {
                using var claim = await http.PostAsync($"v1.0/{queue}?limit=1&hide=60&detail=full", null);
                if (claim.StatusCode == HttpStatusCode.NotFound)
                    continue;
                using var json = JsonDocument.Parse(await claim.Content.ReadAsStringAsync());
                var message = json.RootElement[0];
                var id = message.GetProperty("id").GetString()!;
                var key = id.StartsWith("quiet", StringComparison.Ordinal) ? id : "flood";
                if (isGrouped && !busy.TryAdd(key, true))
                    throw new InvalidOperationException($"Two of {key} at once.");
                if (isGrouped && key == "flood" && Interlocked.Exchange(ref last, int.Parse(id, null)) is var before && before >= last)
                    throw new InvalidOperationException($"{id} came after {before}.");
                busy.TryRemove(key, out var _);
                using var delete = new HttpRequestMessage(HttpMethod.Delete, $"v1.0/{queue}/{id}");
                delete.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(message.GetProperty("etag").GetString()!));
                (await http.SendAsync(delete)).Dispose();
                Interlocked.Increment(ref served);
                if (key != "flood")
                    Interlocked.Increment(ref quiet);
            }
        }));
        var waited = Stopwatch.GetElapsedTime(begun);
        await server.EmptyAsync(queue);
        return (waited, served / waited.TotalSeconds);
    }
}

using System.Diagnostics;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>
/// A relay between two processes far from each other: the line is slow, cut at random places and dead for a while, and both processes are
/// killed.
/// </summary>
public sealed class RelayProxyTests(Azurite azurite, ITestOutputHelper output)
{
    private const int Producers = 8;
    private const int Queues = 20;
    private const int BatchSize = 25;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(TortureSize.Deployments), MemberType = typeof(TortureSize))]
    public async Task Each_message_is_consumed_at_the_far_side_once_and_in_order(string engine, int processes)
    {
        // Azurite takes a time for each request that grows with its rows.
        var messages = engine == "azurite" ? TortureSize.RelayedMessages / 2 : TortureSize.RelayedMessages;
        await using var sides = await FarApart.StartAsync(engine, processes, azurite, new(TortureSize.Seed));
        var (near, far, proxy) = (sides.Near, sides.Far, sides.Line);
        await sides.RelayAsync("copy");
        var consumed = Enumerable.Range(0, Queues).ToDictionary(q => q, _ => new List<string>());
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var consumers = consumed.Select(queue => ConsumeAsync(far, queue.Key, queue.Value, done.Token)).ToList();

        var begun = Stopwatch.GetTimestamp();
        var producing = Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => ProduceAsync(near, producer, messages / Producers)));
        await sides.TormentAsync();
        await producing;
        while (!await sides.IsQuietAsync() || consumed.Values.Sum(ids => { lock (ids) return ids.Count; }) < messages)
        {
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromMinutes(20))
                throw new TimeoutException($"{consumed.Values.Sum(ids => ids.Count)} of {messages}; {await near.GetAsync("relays/a")}");
            await Task.Delay(50, Token);
        }

        await done.CancelAsync();
        await Task.WhenAll(consumers);
        output.WriteLine(
            $"{messages} messages in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s, {proxy.Cuts} cuts, "
            + $"{near.Kills} and {far.Kills} kills");
        foreach (var (queue, ids) in consumed)
            ids.ShouldBe(await IdsAsync(near, queue));
    }

    /// <summary>Puts messages into all queues by turns, by batches, each until it is stored.</summary>
    private static async Task ProduceAsync(Deployment near, int producer, int count)
    {
        var last = new int[Queues];
        // Few messages go to all queues, too.
        for (var (sent, batch) = (0, 3 * producer); sent < count; sent += BatchSize, batch++)
        {
            var queue = batch % Queues;
            var numbers = Enumerable.Range(last[queue] + 1, Math.Min(BatchSize, count - sent)).ToList();
            var previous = last[queue] == 0 ? "" : $"&previous={last[queue]}";
            var items = JsonSerializer.Serialize(numbers.Select(number => new
            {
                id = $"{producer}-{queue}-{number}",
                body = $"of {producer}",
                ttl = 0,
                number,
            }));
            while (await near.SendAsync(HttpMethod.Post, $"batch/a/q{queue}?producer=p{producer}{previous}", items) is not { } answer
                || !answer.EnumerateArray().All(item => item.GetProperty("status").GetInt32() is 200 or 201))
            {
                await Task.Delay(20, Token);
            }

            last[queue] = numbers[^1];
        }
    }

    /// <summary>Notes what arrives at a queue, then deletes it. What comes again after it was deleted is noted twice.</summary>
    private static async Task ConsumeAsync(Deployment far, int queue, List<string> ids, CancellationToken until)
    {
        var (noted, deleted) = (new HashSet<string>(), new HashSet<string>());
        while (!until.IsCancellationRequested)
        {
            var answered = await far.SendAsync(HttpMethod.Get, $"v1.0/a/q{queue}?limit=100&detail=id&wait=5");
            if (answered is not { ValueKind: JsonValueKind.Array } list)
            {
                await Task.Delay(20, CancellationToken.None);
                continue;
            }

            var some = list.EnumerateArray().Select(id => id.GetString()!).ToList();
            lock (ids)
                ids.AddRange(some.Where(id => noted.Add(id) || deleted.Contains(id)));
            var deletes = JsonSerializer.Serialize(some.Select(id => new { op = "delete", id }));
            if (await far.SendAsync(HttpMethod.Post, $"batch/a/q{queue}", deletes) is { } answer
                && answer.EnumerateArray().All(item => item.GetProperty("status").GetInt32() is 200 or 404))
            {
                deleted.UnionWith(some);
            }
        }
    }

    private static async Task<List<string>> IdsAsync(Deployment near, int queue) =>
        (await near.GetAsync($"v1.0/a/q{queue}?detail=id"))!.Value.EnumerateArray().Select(id => id.GetString()!).ToList();
}

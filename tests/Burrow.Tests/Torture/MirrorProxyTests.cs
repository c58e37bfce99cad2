using System.Diagnostics;
using System.Text.Json;
using Burrow.Queues;
using Burrow.Tests.Relays;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>
/// A mirror between two deployments far from each other: the line is slow, cut at random places and dead for a while, and processes of both
/// are killed. Then the first deployment is lost, and the other one goes on.
/// </summary>
public sealed class MirrorProxyTests(Azurite azurite, ITestOutputHelper output)
{
    private const int Clients = 4;
    private const int Queues = 4;
    private const string Numbered = "numbered";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private FarApart sides = null!;
    private int ids;

    /// <summary>How many of its messages the producer with numbers knows to be stored.</summary>
    private int numbers;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(TortureSize.Deployments), MemberType = typeof(TortureSize))]
    public async Task Both_sides_hold_the_same_and_the_far_one_goes_on_alone(string engine, int processes)
    {
        await using var sides = this.sides = await FarApart.StartAsync(engine, processes, azurite, new(TortureSize.Seed));
        var (near, far, proxy) = (sides.Near, sides.Far, sides.Line);
        await sides.RelayAsync("mirror");
        var begun = Stopwatch.GetTimestamp();

        var changes = engine == "azurite" ? TortureSize.MirroredChanges / 2 : TortureSize.MirroredChanges;
        var changing = WorkAsync(near, changes, Token);
        await sides.TormentAsync();
        await changing;
        await TwoDeployments.UntilAsync(
            async () => await sides.IsQuietAsync() && (await DifferencesAsync(near, far)).Count == 0,
            async () => $"{string.Join('\n', (await DifferencesAsync(near, far)).Take(5))} {await near.GetAsync("relays/a")}",
            Patience);
        var equal = Stopwatch.GetElapsedTime(begun);

        // Mid-way, the first deployment is lost.
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var working = WorkAsync(near, int.MaxValue, lost.Token);
        await Task.Delay(TimeSpan.FromSeconds(2), Token);
        await near.LoseAsync();
        await lost.CancelAsync();
        await working;
        await FenceAsync(far);
        var there = (await far.GetAsync($"producers/a/{Numbered}/p"))!.Value.GetProperty("last").GetInt32();
        there.ShouldBeLessThanOrEqualTo(numbers + 1, "only what was put can be there");
        await ProduceAsync(far, there + 1, there + 50, Token);
        (await NumbersAsync(far)).ShouldBe(Enumerable.Range(1, there + 50));

        // When it is back, it is refused, and says what differs.
        await near.ReturnAsync();
        await near.SendAsync(HttpMethod.Put, "v1.0/a/q0/last?ttl=0", "x");
        var before = await ContentsAsync(far);
        await TwoDeployments.UntilAsync(
            async () => $"{await near.GetAsync("relays/a/r")}".Contains("Fenced", StringComparison.Ordinal),
            async () => $"{await near.GetAsync("relays/a/r")}",
            Patience);
        (await ContentsAsync(far)).ShouldBe(before);
        var different = (await DifferencesAsync(near, far)).ToHashSet();
        var missing = (await near.GetAsync("relays/a/r/missing"))!.Value.EnumerateArray()
            .Where(one => one.GetProperty("queue").GetString() != Numbered)
            .Select(one => $"{one.GetProperty("queue")}/{one.GetProperty("id")}").ToHashSet();
        different.Except(missing).ShouldBeEmpty();
        // What was on its way may have come there, though its answer did not come here.
        missing.Except(different).Count().ShouldBeLessThanOrEqualTo(Queues * RelayLimits.BatchMessages);
        output.WriteLine(
            $"{changes} changes: equal after {equal.TotalSeconds:0} s, {proxy.Cuts} cuts, {near.Kills} and {far.Kills} kills; "
            + $"{different.Count} differ after the loss, {missing.Count} are named; {there} of {numbers} numbers were there");
    }

    /// <summary>Puts and changes messages in all ways at once, and numbers some.</summary>
    private async Task WorkAsync(Deployment near, int changes, CancellationToken until)
    {
        var left = changes;
        var clients = Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0 && !until.IsCancellationRequested)
                await ChangeAsync(near);
        });
        var changing = Task.WhenAll(clients);
        await NumberAsync();
        await changing;

        async Task NumberAsync()
        {
            while (!changing.IsCompleted && !until.IsCancellationRequested)
            {
                await ProduceAsync(near, numbers + 1, numbers + 1, until);
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private async Task ChangeAsync(Deployment near)
    {
        var queue = $"q{Next(0, Queues)}";
        var id = Next(0, 4) == 0 ? $"again{Next(0, 10)}" : $"{Interlocked.Increment(ref ids)}";
        var group = Next(0, 4) == 0 ? $"&group=g{Next(0, 3)}" : "";
        switch (Next(0, 12))
        {
            case < 5:
                await near.SendAsync(HttpMethod.Put, $"v1.0/a/{queue}/{id}?ttl=0{(id[0] == 'a' ? "" : group)}", Body());
                break;
            case 5:
                await near.SendAsync(HttpMethod.Put, $"v1.0/a/{queue}/again{Next(0, 10)}?ttl={Next(0, 2) * 100_000}", Body());
                break;
            case 6:
                await near.SendAsync(HttpMethod.Delete, $"v1.0/a/{queue}/again{Next(0, 10)}");
                break;
            case 7:
                await near.SendAsync(HttpMethod.Delete, $"v1.0/a/{queue}?limit={Next(1, 4)}&detail=id");
                break;
            case 8:
                await near.SendAsync(HttpMethod.Post, $"v1.0/a/{queue}?limit=2&ttl={Next(1, 3) * 100_000}&detail=id");
                break;
            case 9:
                await near.SendAsync(HttpMethod.Post, $"dead/a/{queue}?limit=1&detail=id");
                break;
            case 10:
                await near.SendAsync(HttpMethod.Delete, $"dead/a/{queue}?limit=1&detail=id");
                break;
            default:
                await FailAsync(near, queue);
                break;
        }
    }

    /// <summary>Claims some messages, and says what became of them.</summary>
    private async Task FailAsync(Deployment near, string queue)
    {
        var answer = await near.SendAsync(HttpMethod.Post, $"v1.0/a/{queue}?limit=3&hide=2&detail=full");
        if (answer is not { ValueKind: JsonValueKind.Array } claimed)
            return;
        foreach (var message in claimed.EnumerateArray())
        {
            var outcome = Next(0, 4) switch { 0 => "done", 1 => "failed&cause=a", 2 => "dead&cause=b", _ => "released" };
            await near.SendAsync(
                HttpMethod.Post,
                $"v1.0/a/{queue}/{message.GetProperty("id").GetString()}?outcome={outcome}",
                ifMatch: message.GetProperty("etag").GetString());
        }
    }

    /// <summary>Puts numbered messages one after another, each until it is stored.</summary>
    private async Task ProduceAsync(Deployment side, int from, int to, CancellationToken until)
    {
        for (var number = from; number <= to && !until.IsCancellationRequested;)
        {
            var previous = number == 1 ? "" : $"&previous={number - 1}";
            var item = $$"""[{"id":"n{{number}}","body":"x","ttl":0,"number":{{number}}}]""";
            if (await side.SendAsync(HttpMethod.Post, $"batch/a/{Numbered}?producer=p{previous}", item) is { } answer
                && answer[0].GetProperty("status").GetInt32() is 200 or 201)
            {
                numbers = Math.Max(numbers, number++);
            }
            else
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    /// <summary>Shuts the first deployment out of all queues.</summary>
    private static async Task FenceAsync(Deployment far)
    {
        foreach (var queue in Enumerable.Range(0, Queues).Select(q => $"q{q}").Append(Numbered))
        {
            foreach (var producer in (await far.GetAsync($"producers/a/{queue}"))!.Value.EnumerateArray())
            {
                var name = producer.GetProperty("name").GetString();
                if (name != "p")
                    (await far.SendAsync(HttpMethod.Put, $"producers/a/{queue}/{name}", TwoDeployments.Fence)).ShouldNotBeNull();
            }
        }
    }

    private static async Task<IEnumerable<int>> NumbersAsync(Deployment side) =>
        (await side.GetAsync($"v1.0/a/{Numbered}?detail=id"))!.Value.EnumerateArray().Select(id => int.Parse(id.GetString()![1..]));

    /// <summary>The messages that two deployments do not hold alike, as <c>{queue}/{id}</c>.</summary>
    private static async Task<List<string>> DifferencesAsync(Deployment near, Deployment far)
    {
        var (here, there) = (await ContentsAsync(near), await ContentsAsync(far));
        return [.. here.Keys.Union(there.Keys).Where(id => here.GetValueOrDefault(id) != there.GetValueOrDefault(id)).Order()];
    }

    /// <summary>All messages of the queues without numbers, live and dead, without what a mirror leaves behind.</summary>
    private static async Task<Dictionary<string, string>> ContentsAsync(Deployment side)
    {
        var contents = new Dictionary<string, string>();
        foreach (var queue in Enumerable.Range(0, Queues).Select(q => $"q{q}"))
        {
            // A list of none is an error, which says nothing.
            var dead = await side.SendAsync(HttpMethod.Get, $"dead/a/{queue}?detail=full");
            foreach (var list in new[] { await side.SendAsync(HttpMethod.Get, $"v1.0/a/{queue}?detail=full&match_hidden=true"), dead })
            {
                foreach (var message in list?.EnumerateArray().ToList() ?? [])
                    contents[$"{queue}/{message.GetProperty("id")}"] = TextOf(message);
            }
        }

        return contents;

        static string TextOf(JsonElement message) => string.Join(',', message.EnumerateObject()
            .Where(member => member.Name is not ("etag" or "hide" or "deliveries"))
            .Where(member => member.Name != "causes" || message.TryGetProperty("died", out _))
            .Select(member => member.Name == "ttl" ? $"ttl {member.Value.GetInt64() == 0}" : $"{member.Name} {member.Value}"));
    }

    private int Next(int from, int before) => sides.Next(from, before);

    private string Body() => Next(0, 20) == 0 ? new string('x', Next(1, 60_000)) : $"body {Next(0, 1_000_000)}";
}

using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Kills the local process while it redrives and purges many dead messages, and lets it continue.</summary>
public sealed class DeadLetterKillTests(ITestOutputHelper output)
{
    private const int BatchSize = 1000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redrives_and_purges_that_are_killed_in_the_middle_continue_and_each_message_is_there_once_in_order()
    {
        using var folder = new TemporaryFolder();
        var tables = $"sqlite:{folder.File("burrow.db")}";
        List<string> all = [.. Enumerable.Range(0, TortureSize.DeadMessages).Select(i => $"m{i}")];
        await using (var burrow = await BurrowProcess.StartAsync(tables))
            await KillAllAsync(burrow.Http, all);

        var stops = new List<int>();
        for (var kill = 1; kill <= TortureSize.KillsOfRedrives; kill++)
        {
            stops.Add(await StopInTheMiddleAsync(
                tables,
                HttpMethod.Post,
                "dead/torture/q?ttl=0",
                async http => (await http.GetAsync("v1.0/torture/q?limit=1&detail=id", Token)).StatusCode == HttpStatusCode.OK));
            await using var burrow = await BurrowProcess.StartAsync(tables);
            var (live, dead) = (await ListAsync(burrow.Http, "v1.0"), await ListAsync(burrow.Http, "dead"));
            // A redrive goes in order, so what it did is in front of what is left, apart from transactions that ran side by side.
            live.Count.ShouldBeGreaterThan(0);
            live.Concat(dead).Order().ShouldBe(all.Order());
            live.ShouldBe(all.Where(live.ToHashSet().Contains));
            dead.ShouldBe(all.Where(dead.ToHashSet().Contains));
            if (kill < TortureSize.KillsOfRedrives)
                await KillAllAsync(burrow.Http, live, arePut: true);
        }

        await using (var burrow = await BurrowProcess.StartAsync(tables))
        {
            await EndAsync(burrow.Http, HttpMethod.Post, "dead/torture/q?ttl=0");
            (await ListAsync(burrow.Http, "v1.0")).ShouldBe(all);
            (await ListAsync(burrow.Http, "dead")).ShouldBeEmpty();
            var first = (await burrow.Http.GetFromJsonAsync<JsonElement>("v1.0/torture/q?limit=1&detail=full", Token))[0];
            first.GetProperty("deliveries").GetInt64().ShouldBe(0);
            await KillAllAsync(burrow.Http, all, arePut: true);
        }

        stops.Add(await StopInTheMiddleAsync(
            tables,
            HttpMethod.Delete,
            "dead/torture/q",
            async http => (await http.GetFromJsonAsync<JsonElement>("dead/torture/q?limit=1&detail=id", Token))[0].GetString() != all[0]));
        await using (var burrow = await BurrowProcess.StartAsync(tables))
        {
            var left = await ListAsync(burrow.Http, "dead");
            left.ShouldBe(all.Where(left.ToHashSet().Contains));
            await EndAsync(burrow.Http, HttpMethod.Delete, "dead/torture/q");
            (await burrow.Http.GetAsync("v1.0/torture", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }

        output.WriteLine($"{all.Count} dead messages, killed {stops.Count} times; {string.Join(", ", stops)} ms after the request began");
    }

    /// <summary>Sends a request, and kills the process once the request has begun its work.</summary>
    /// <returns>How many milliseconds after the request was sent.</returns>
    private static async Task<int> StopInTheMiddleAsync(
        string tables, HttpMethod method, string target, Func<HttpClient, Task<bool>> hasBegun)
    {
        await using var burrow = await BurrowProcess.StartAsync(tables);
        var begun = Environment.TickCount64;
        var changing = burrow.Http.SendAsync(new(method, target), Token);
        while (!await hasBegun(burrow.Http))
            changing.IsCompleted.ShouldBeFalse("the request was done before it could be stopped");
        await burrow.KillAsync();
        await Should.ThrowAsync<HttpRequestException>(changing);
        return (int)(Environment.TickCount64 - begun);
    }

    /// <summary>Puts messages, unless they are put, and has a worker say of each that it is dead.</summary>
    private static async Task KillAllAsync(HttpClient http, IReadOnlyList<string> ids, bool arePut = false)
    {
        foreach (var chunk in ids.Chunk(BatchSize))
        {
            if (!arePut)
                await BatchAsync(http, chunk.Select(id => $$"""{"id":"{{id}}","body":"{{id}}","ttl":0}"""));
            using var claim = await http.PostAsync($"v1.0/torture/q?limit={BatchSize}&hide=600&detail=full", null, Token);
            var claimed = await claim.Content.ReadFromJsonAsync<JsonElement>(Token);
            await BatchAsync(http, claimed.EnumerateArray().Select(message =>
                $$"""
                {"op":"update","id":{{message.GetProperty("id").GetRawText()}},"outcome":"dead","cause":"broken",
                "ifMatch":{{message.GetProperty("etag").GetRawText()}}}
                """));
        }
    }

    private static async Task BatchAsync(HttpClient http, IEnumerable<string> items)
    {
        using var content = new StringContent($"[{string.Join(',', items)}]", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync("batch/torture/q", content, Token);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).EnumerateArray()
            .Select(item => item.GetProperty("status").GetInt32())
            .ShouldAllBe(status => status == 200 || status == 201);
    }

    /// <summary>Sends a request again and again until nothing is left to do.</summary>
    private static async Task EndAsync(HttpClient http, HttpMethod method, string target)
    {
        while (true)
        {
            using var answer = await http.SendAsync(new(method, target), Token);
            if (answer.StatusCode == HttpStatusCode.NotFound)
                return;
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    /// <summary>The ids of all messages, live or dead, page by page.</summary>
    private static async Task<List<string>> ListAsync(HttpClient http, string root)
    {
        var ids = new List<string>();
        for (var after = ""; ;)
        {
            using var answer = await http.GetAsync($"{root}/torture/q?detail=id{after}", Token);
            if (answer.StatusCode == HttpStatusCode.NotFound)
                return ids;
            ids.AddRange((await answer.Content.ReadFromJsonAsync<string[]>(Token))!);
            after = $"&after={answer.Headers.GetValues("Burrow-Marker").Single()}";
        }
    }
}

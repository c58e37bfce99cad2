using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Workers on many groups, of which some die, and a process that is killed again and again.</summary>
public sealed class GroupKillTests(ITestOutputHelper output)
{
    private const int Groups = 12;
    private const int Workers = 6;

    private readonly Random random = new(TortureSize.Seed);

    /// <summary>The messages of which a worker said that they are done. Whether that was carried out is not certain.</summary>
    private readonly ConcurrentDictionary<string, bool> finished = new();
    private int deliveries;
    private volatile BurrowProcess burrow = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_often_it_is_killed_each_group_goes_on_in_order_and_nothing_is_stuck()
    {
        using var folder = new TemporaryFolder();
        var tables = $"sqlite:{folder.File("burrow.db")}";
        burrow = await BurrowProcess.StartAsync(tables);
        var address = burrow.Address;
        var all = Groups * TortureSize.MessagesOfGroup;
        await PutAsync(Enumerable.Range(0, all / 2));
        var workers = Enumerable.Range(0, Workers).Select(number => WorkAsync(number, all)).ToList();
        for (var kills = 1; kills <= TortureSize.KillsOfGroups; kills++)
        {
            var until = all * kills / (TortureSize.KillsOfGroups + 1);
            while (finished.Count < until && !workers.Exists(worker => worker.IsFaulted))
                await Task.Delay(1, Token);
            // The second half is put while it is killed, too.
            var putting = kills == 1 ? PutAsync(Enumerable.Range(all / 2, all - (all / 2))) : Task.CompletedTask;
            var killed = burrow;
            await killed.KillAsync();
            burrow = await BurrowProcess.StartAgainAsync(tables, address);
            await killed.DisposeAsync();
            await putting;
        }

        await Task.WhenAll(workers);

        output.WriteLine($"{all} messages, {deliveries} deliveries, {TortureSize.KillsOfGroups} kills");
        finished.Count.ShouldBe(all);
        (await burrow.Http.GetAsync("groups/a/q", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await burrow.Http.GetAsync("v1.0/a/q?match_hidden=true", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await burrow.InterruptAsync();
        (await burrow.ExitAsync()).ShouldBe(0);
        burrow.Output.ShouldNotContain("fail:");
        await burrow.DisposeAsync();
    }

    /// <summary>Puts messages in order. What is sent again is stored once, because it is numbered.</summary>
    private async Task PutAsync(IEnumerable<int> numbers)
    {
        foreach (var chunk in numbers.Chunk(30))
        {
            var items = chunk.Select(n => $$"""{"id":"{{n}}","ttl":0,"group":"{{n % Groups}}","number":{{n}}}""");
            var body = string.Join('\n', items);
            string? answer;
            do
            {
                var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
                answer = await SendAsync(HttpMethod.Post, "batch/a/q?producer=p", content, null);
            }
            while (answer is null);

            JsonElement.Parse(answer).EnumerateArray().ShouldAllBe(item => item.GetProperty("status").GetInt32() <= 201);
        }
    }

    private async Task WorkAsync(int number, int all)
    {
        while (finished.Count < all || await SendAsync(HttpMethod.Get, "groups/a/q", null, null) is not "")
        {
            var claimed = await SendAsync(HttpMethod.Post, "v1.0/a/q?limit=3&hide=2&wait=1&detail=full", null, null);
            if (claimed is null or "")
                continue;
            foreach (var message in JsonElement.Parse(claimed).EnumerateArray())
            {
                Interlocked.Increment(ref deliveries);
                var id = message.GetProperty("id").GetString()!;
                RequireTurn(int.Parse(id, null));
                bool dies;
                lock (random)
                    dies = number < 2 && random.Next(15) == 0;
                if (dies)
                    break;
                // From now on the next one of the group may be handed out.
                finished[id] = true;
                await SendAsync(HttpMethod.Post, $"v1.0/a/q/{id}?outcome=done", null, message.GetProperty("etag").GetString());
            }
        }
    }

    /// <summary>Of a group, no message comes before a worker has finished the one before it.</summary>
    private void RequireTurn(int id)
    {
        for (var before = id - Groups; before >= 0; before -= Groups)
            finished.ContainsKey($"{before}").ShouldBeTrue($"{id} came before {before} was done.");
    }

    /// <returns>The answer; empty if nothing is there or a receipt is out of date; null if the process was killed meanwhile.</returns>
    private async Task<string?> SendAsync(HttpMethod method, string target, StringContent? content, string? receipt)
    {
        using var request = new HttpRequestMessage(method, target) { Content = content };
        if (receipt is not null)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(receipt));
        try
        {
            using var answer = await burrow.Http.SendAsync(request, Token);
            if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
                return "";
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return await answer.Content.ReadAsStringAsync(Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            return null;
        }
    }
}

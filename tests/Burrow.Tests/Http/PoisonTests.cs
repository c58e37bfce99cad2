using System.Collections.Concurrent;
using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>A message that no worker can handle, among many that all can, and workers of which some die.</summary>
public abstract class PoisonTests(ServerFixture server) : ProtocolTests(server)
{
    private const int Good = 1000;
    private const int Workers = 8;
    private const int MaxDeliveries = 5;

    private readonly ConcurrentDictionary<string, bool> done = new();
    private readonly ConcurrentDictionary<string, bool> abandoned = new();
    private int poisoned;

    [Fact]
    public async Task The_good_ones_are_done_and_the_poison_dies_with_its_causes_and_comes_back_when_it_is_redriven()
    {
        (await SendAsync(
            "PUT",
            $"/policies/{Account}/policy",
            Encoding.UTF8.GetBytes($$"""{"queues":"q","maxDeliveries":{{MaxDeliveries}}}"""))).Status.ShouldBe(201);
        await PutAllAsync(Queue, "first", "poison");
        foreach (var ids in Enumerable.Range(1, Good - 1).Chunk(500))
        {
            var items = string.Join(',', ids.Select(i => $$"""{"id":"{{i}}","ttl":0}"""));
            var body = Encoding.UTF8.GetBytes($"[{items}]");
            (await SendAsync("POST", $"/batch/{Account}/q", body, ("Content-Type", "application/json"))).Status.ShouldBe(200);
        }

        await WorkAsync();

        // Nothing waited for the poison: all are done but those whose workers died.
        poisoned.ShouldBe(MaxDeliveries);
        done.Count.ShouldBe(Good - abandoned.Count);
        abandoned.Count.ShouldBeGreaterThan(10);
        Time.Advance(TimeSpan.FromSeconds(60));
        await WorkAsync();
        done.Count.ShouldBe(Good);
        poisoned.ShouldBe(MaxDeliveries);
        (await GetAsync(Queue)).Status.ShouldBe(404);
        var dead = (await GetAsync($"/dead/{Account}/q")).Json.EnumerateArray().ShouldHaveSingleItem();
        dead.GetProperty("id").GetString().ShouldBe("poison");
        dead.GetProperty("deliveries").GetInt64().ShouldBe(MaxDeliveries);
        dead.GetProperty("causes").EnumerateArray().Select(cause => cause.GetProperty("delivery").GetInt64())
            .ShouldBe(Enumerable.Range(1, MaxDeliveries).Select(i => (long)i));

        await PutAllAsync(Queue, "later");
        (await PostAsync($"/dead/{Account}/q?ttl=0")).Status.ShouldBe(200);

        (await IdsAsync(Queue)).ShouldBe(["poison", "later"]);
        (await PostAsync($"{Queue}?limit=1&hide=60&detail=id")).Strings.ShouldBe(["poison"]);
    }

    /// <summary>All workers work until the queue has nothing for them. Some die with a message now and then.</summary>
    private Task WorkAsync() => Task.WhenAll(Enumerable.Range(0, Workers).Select(async number =>
    {
        await using var http = await ConnectAsync();
        for (var claims = 1; ; claims++)
        {
            var claim = await http.SendAsync("POST", $"{Queue}?limit=1&hide=60&detail=full");
            if (claim.Status == 404)
                return;
            var message = claim.Json.EnumerateArray().Single();
            var (id, receipt) = (message.GetProperty("id").GetString()!, message.GetProperty("etag").GetString()!);
            if (id == "poison")
            {
                Interlocked.Increment(ref poisoned);
                var failed = await http.SendAsync("POST", $"{Queue}/{id}?outcome=failed&cause={number}", null, ("If-Match", receipt));
                failed.Status.ShouldBe(200);
            }
            else if (number >= 2 || claims % 5 != 0 || !abandoned.TryAdd(id, true))
            {
                (await http.SendAsync("POST", $"{Queue}/{id}?outcome=done", null, ("If-Match", receipt))).Status.ShouldBe(200);
                done.TryAdd(id, true).ShouldBeTrue();
            }
        }
    }));
}

public sealed class MemoryPoisonTests(MemoryServer server) : PoisonTests(server), IClassFixture<MemoryServer>;

public sealed class SqlitePoisonTests(SqliteServer server) : PoisonTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppPoisonTests(FunctionAppServer server) : PoisonTests(server);

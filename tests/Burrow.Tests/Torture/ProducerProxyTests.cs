using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>A producer far away: its connections are cut at random places, and it sends again, with several batches under way.</summary>
public sealed class ProducerProxyTests(ITestOutputHelper output)
{
    private const int Messages = 10_000;
    private const int BatchSize = 50;
    private const int UnderWay = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_message_is_consumed_once_and_in_order_while_workers_delete()
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await BurrowProcess.StartAsync($"sqlite:{folder.File("burrow.db")}");
        await using var proxy = new CuttingProxy(burrow.Address, new Random(TortureSize.Seed), 20_000);
        // A connection that was cut is not used again, and none waits in a pool.
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = UnderWay }) { BaseAddress = proxy.Address };
        var consumed = new List<int>();
        var consuming = ConsumeAsync(burrow.Http, consumed);

        var next = 0;
        var sent = 0;
        await Task.WhenAll(Enumerable.Range(0, UnderWay).Select(async _ =>
        {
            while (Interlocked.Add(ref next, BatchSize) - BatchSize is var first && first < Messages)
            {
                while (!await TrySendAsync(http, first))
                    Interlocked.Increment(ref sent);
            }
        }));
        await consuming;

        output.WriteLine($"{proxy.Cuts} connections cut, {sent} batches sent again");
        sent.ShouldBeGreaterThan(20);
        consumed.ShouldBe(Enumerable.Range(1, Messages));
    }

    /// <summary>Sends a batch, behind the one before it.</summary>
    /// <returns>False if it must be sent again.</returns>
    private static async Task<bool> TrySendAsync(HttpClient http, int first)
    {
        var items = Enumerable.Range(first + 1, BatchSize).Select(n => $$"""{"id":"{{n}}","ttl":0,"number":{{n}}}""");
        // The first batch is behind nothing.
        var previous = first == 0 ? "" : $"&previous={first}";
        using var content = new StringContent(string.Join('\n', items), Encoding.UTF8, "application/x-ndjson");
        try
        {
            using var answer = await http.PostAsync($"batch/a/q?producer=p{previous}", content, Token);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
            if (json.RootElement.ValueKind != JsonValueKind.Array)
                return false;
            return json.RootElement.EnumerateArray().All(item => item.GetProperty("status").GetInt32() is 200 or 201);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return false;
        }
    }

    private static async Task ConsumeAsync(HttpClient http, List<int> consumed)
    {
        while (consumed.Count < Messages)
        {
            using var take = await http.DeleteAsync("v1.0/a/q?limit=100&wait=5&detail=id", Token);
            if (!take.IsSuccessStatusCode)
                continue;
            using var json = JsonDocument.Parse(await take.Content.ReadAsStringAsync(Token));
            consumed.AddRange(json.RootElement.EnumerateArray().Select(id => int.Parse(id.GetString()!, null)));
        }
    }
}

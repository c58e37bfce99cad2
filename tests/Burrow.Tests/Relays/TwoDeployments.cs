using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Relays;

/// <summary>Two deployments of the local process, each with its own tables, and relays between them over real sockets.</summary>
internal sealed class TwoDeployments : IAsyncDisposable
{
    /// <summary>An epoch above all that relays use: it shuts a relay out.</summary>
    public const string Fence = """{"epoch":1000000000000000}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private TwoDeployments(LocalServer east, LocalServer west) => (East, West) = (east, west);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public LocalServer East { get; }

    public LocalServer West { get; }

    public static async Task<TwoDeployments> StartAsync(
        ITableStore? east = null,
        ITableStore? west = null,
        Action<BurrowOptions>? configureWest = null,
        TimeProvider? eastTime = null) => new(
        await LocalServer.StartAsync(east ?? new MemoryTableStore(), eastTime),
        await LocalServer.StartAsync(west ?? new MemoryTableStore(), configure: configureWest));

    public async ValueTask DisposeAsync()
    {
        await East.DisposeAsync();
        await West.DisposeAsync();
    }

    /// <summary>Puts the relay <c>r</c> of an account of east to west.</summary>
    public Task<(HttpStatusCode Status, JsonElement Json)> RelayAsync(string queues = "*", string more = "") =>
        PutAsync(East, "relays/a/r", $$"""{"queues":"{{queues}}","to":"{{West.Address}}"{{more}}}""");

    /// <summary>Sends a request with a body.</summary>
    public static async Task<(HttpStatusCode Status, JsonElement Json)> PutAsync(LocalServer server, string path, string body) =>
        await SendAsync(server, HttpMethod.Put, path, body);

    public static async Task<(HttpStatusCode Status, JsonElement Json)> SendAsync(
        LocalServer server, HttpMethod method, string path, string? body = null, string? key = null, string type = "text/plain")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        if (key is not null)
            request.Headers.Authorization = new("Bearer", key);
        using var answer = await server.Http.SendAsync(request, Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        return (answer.StatusCode, text.Length == 0 || text[0] is not ('{' or '[') ? default : JsonDocument.Parse(text).RootElement);
    }

    public static async Task<JsonElement> GetAsync(LocalServer server, string path) => (await SendAsync(server, HttpMethod.Get, path)).Json;

    /// <summary>The ids of a queue, in order; none if there is no queue.</summary>
    public static async Task<string[]> IdsAsync(LocalServer server, string queue = "q", string account = "a")
    {
        var json = await GetAsync(server, $"v1.0/{account}/{queue}?detail=id&match_hidden=true");
        return json.ValueKind == JsonValueKind.Array ? [.. json.EnumerateArray().Select(id => id.GetString()!)] : [];
    }

    /// <summary>Waits until west holds just these messages.</summary>
    public Task CameAsync(params string[] ids) => UntilAsync(async () => (await IdsAsync(West)).SequenceEqual(ids), async () =>
        $"{string.Join(',', await IdsAsync(West))}; {await GetAsync(East, "relays/a")}");

    /// <summary>Waits until the relay is in a state, with such a reason.</summary>
    public async Task<JsonElement> StateAsync(string state, string? reason = null)
    {
        var relay = default(JsonElement);
        await UntilAsync(
            async () =>
            {
                relay = await GetAsync(East, "relays/a/r");
                return relay.GetProperty("state").GetString() == state
                    && (reason is null || relay.GetProperty("reason").GetString()!.Contains(reason, StringComparison.Ordinal));
            },
            () => Task.FromResult($"{relay}"));
        return relay;
    }

    /// <summary>Waits until the relay is active.</summary>
    /// <returns>The name of the producer that it is for its first queue.</returns>
    public async Task<string> ProducerAsync() =>
        (await StateAsync("active")).GetProperty("links")[0].GetProperty("producer").GetString()!;

    /// <summary>Waits until something holds. It looks often, less often where that takes long, and fails only after a long time.</summary>
    /// <param name="holds">Looks.</param>
    /// <param name="otherwise">What is there instead.</param>
    /// <param name="patience">How long it looks; null: as long as most need at most.</param>
    public static async Task UntilAsync(Func<Task<bool>> holds, Func<Task<string>> otherwise, TimeSpan? patience = null)
    {
        var end = DateTime.UtcNow + (patience ?? Patience);
        while (!await holds())
        {
            if (DateTime.UtcNow > end)
                throw new TimeoutException(await otherwise());
            await Task.Delay(patience is null ? 10 : 200, Token);
        }
    }
}

using System.Text;
using System.Text.Json;

namespace Burrow.Tests.Support;

/// <summary>
/// Tests that speak HTTP over a socket, as one tenant of a server that other tenants use too. These methods check every response
/// for what the protocol requires of all responses.
/// </summary>
public abstract class ProtocolTests(ServerFixture server) : IAsyncLifetime
{
    private static readonly TimeSpan LongForOneRequest = TimeSpan.FromSeconds(1);

    private RawHttp http = null!;

    /// <summary>The account of this test only.</summary>
    protected string Account { get; } = $"a{Guid.NewGuid():n}";

    /// <summary>The path of a queue of the account.</summary>
    protected string Queue => $"/v1.0/{Account}/q";

    /// <summary>The server's <c>http://127.0.0.1:{port}</c>.</summary>
    protected string Origin => server.Address.GetLeftPart(UriPartial.Authority);

    /// <inheritdoc cref="ServerFixture.IsBehindHost"/>
    private protected bool IsBehindHost => server.IsBehindHost;

    private protected ITestTime Time => server.Time;

    public async ValueTask InitializeAsync() => http = await ConnectAsync();

    public async ValueTask DisposeAsync()
    {
        await http.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens another connection.</summary>
    private protected Task<RawHttp> ConnectAsync() => RawHttp.ConnectAsync(server.Address);

    private protected async Task<RawAnswer> SendAsync(
        string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var sending = http.SendAsync(method, target, body, headers);
        // A request that meets the timer's work on the same message backs off, and the backoff needs the clock to move.
        while (await Task.WhenAny(sending, Task.Delay(LongForOneRequest)) != sending)
            Time.Advance(TimeSpan.FromMilliseconds(20));
        var answer = await sending;
        if (!IsBehindHost || !IsHosts(answer))
            answer.ShouldBeServed(method, target);
        return answer;
    }

    /// <summary>Whether it is the answer of the Functions host to what no function declares. Burrow itself explains every 404.</summary>
    private static bool IsHosts(RawAnswer answer) => (answer.Status, answer.ContentType, answer.Body.Length) == (404, null, 0);

    private protected Task<RawAnswer> GetAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync("GET", target, null, headers);

    private protected Task<RawAnswer> PostAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync("POST", target, null, headers);

    private protected Task<RawAnswer> DeleteAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync("DELETE", target, null, headers);

    private protected Task<RawAnswer> PutAsync(string target, string body = "x", params (string Name, string Value)[] headers) =>
        SendAsync("PUT", target, Encoding.UTF8.GetBytes(body), headers);

    /// <summary>Puts messages that never expire. The body of each is its id.</summary>
    private protected async Task PutAllAsync(string queue, params string[] ids)
    {
        foreach (var id in ids)
            (await PutAsync($"{queue}/{id}?ttl=0", id)).Status.ShouldBe(201);
    }

    /// <summary>Sends a batch to the queue, an item a line, and returns the answers of its items.</summary>
    private protected async Task<JsonElement[]> SendBatchAsync(params string[] items)
    {
        var answer = await SendAsync(
            "POST",
            $"/batch/{Account}/q",
            Encoding.UTF8.GetBytes(string.Join('\n', items)),
            ("Content-Type", "application/x-ndjson"));
        answer.Status.ShouldBe(200);
        return [.. answer.Json.EnumerateArray()];
    }

    /// <summary>The ids on a queue, in order; none if there is no such queue.</summary>
    private protected async Task<string[]> IdsAsync(string queue, bool hidden = true)
    {
        var answer = await GetAsync($"{queue}?detail=id&match_hidden={hidden}");
        return answer.Status == 404 ? [] : answer.Strings;
    }

    /// <summary>Sends the body of a <c>PUT</c> in chunks.</summary>
    private protected async Task<RawAnswer> PutChunkedAsync(string target, byte[] body, int chunk)
    {
        var bytes = new MemoryStream();
        bytes.Write(
            Encoding.ASCII.GetBytes($"PUT {target} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nTransfer-Encoding: chunked\r\n\r\n"));
        foreach (var part in body.Chunk(chunk))
        {
            bytes.Write(Encoding.ASCII.GetBytes($"{part.Length:x}\r\n"));
            bytes.Write(part);
            bytes.Write("\r\n"u8);
        }

        bytes.Write("0\r\n\r\n"u8);
        await http.SendBytesAsync(bytes.ToArray());
        var answer = await http.ReadAsync("PUT");
        answer.ShouldBeServed("PUT", target);
        return answer;
    }
}

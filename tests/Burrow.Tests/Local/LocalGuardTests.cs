using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Local;

/// <summary>Who is let in: every client that can't be a page of another site, and nothing of other pages.</summary>
public sealed class LocalGuardTests(LocalGuardTests.Process process) : IClassFixture<LocalGuardTests.Process>
{
    private const string Allowed = "https://app.example";

    private readonly BurrowProcess burrow = process.Burrow;

    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:9999", 200)]
    [InlineData("localhost.", 200)]
    [InlineData("localhost.:7071", 200)]
    [InlineData("burrow.localhost", 200)]
    [InlineData("a.burrow.LocalHost.:7071", 200)]
    [InlineData("127.0.0.1:7071", 200)]
    [InlineData("127.0.0.2", 200)]
    [InlineData("127.1", 200)]
    [InlineData("192.168.1.20", 200)]
    [InlineData("10.244.0.5:8000", 200)]
    [InlineData("[::1]:7071", 200)]
    [InlineData("[0:0:0:0:0:0:0:1]", 200)]
    [InlineData("[fd00::5]:80", 200)]
    [InlineData("queue.test", 200)]
    [InlineData("Queue.Test.:80", 200)]
    [InlineData("", 200)]
    [InlineData("evil.example", 421)]
    [InlineData("localhost.evil.example", 421)]
    [InlineData("localhost..", 421)]
    [InlineData("evillocalhost", 421)]
    [InlineData("127.0.0.1.evil.example", 421)]
    [InlineData("other.queue.test", 421)]
    [InlineData(".", 421)]
    [InlineData("xn--", 421)]
    public async Task Every_host_is_answered_that_can_not_be_the_name_of_a_rebound_page(string host, int status)
    {
        await using var raw = await RawHttp.ConnectAsync(burrow.Address);

        var answer = await raw.SendAsync("GET", "/", null, ("Host", host));

        answer.Status.ShouldBe(status);
        answer.ShouldBeServed("GET", "");
        if (status == 421)
            answer.Json.GetProperty("detail").GetString()!.ShouldContain("queue.test, localhost, ");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task A_client_of_HTTP_1_0_needs_no_host(string method)
    {
        await using var raw = await RawHttp.ConnectAsync(burrow.Address);

        await raw.SendBytesAsync(Encoding.ASCII.GetBytes($"{method} /health HTTP/1.0\r\n\r\n"));

        (await raw.ReadAsync(method)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_address_that_it_says_is_answered_whichever_it_is()
    {
        await using var process = await ListeningProcess.StartAsync(
            "Burrow.Local.dll", ["--urls", "http://127.0.0.2:0", "--tables", "memory"], new Dictionary<string, string?>());
        process.Address!.Host.ShouldBe("127.0.0.2");
        await using var raw = await RawHttp.ConnectAsync(process.Address);

        (await raw.SendAsync("GET", "/")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("null", 403)]
    [InlineData("https://evil.example", 403)]
    [InlineData("http://localhost:1", 403)]
    [InlineData("http://localhost", 201)]
    [InlineData(Allowed, 201)]
    [InlineData(null, 201)]
    public async Task Pages_of_other_origins_change_nothing(string? origin, int status)
    {
        await using var raw = await RawHttp.ConnectAsync(burrow.Address);
        (string, string)[] headers = origin is null ? [("Host", "localhost")] : [("Host", "localhost"), ("Origin", origin)];
        var target = $"/v1.0/a/q/{Guid.NewGuid():n}";

        (await raw.SendAsync("PUT", target, [], headers)).Status.ShouldBe(status);
        (await raw.SendAsync("GET", target, null, headers)).Status.ShouldBe(status == 201 ? 200 : 404);
    }

    /// <summary>Each row is what browsers send with a request: the metadata of Fetch ("Fetch Metadata Request Headers").</summary>
    [Theory]
    [InlineData("GET", "cross-site", "no-cors", "script", null, 403)]
    [InlineData("GET", "cross-site", "no-cors", "image", null, 403)]
    [InlineData("GET", "cross-site", "navigate", "object", null, 403)]
    [InlineData("GET", "cross-site", "navigate", "iframe", null, 403)]
    [InlineData("GET", "cross-site", "cors", "empty", "https://evil.example", 403)]
    [InlineData("HEAD", "cross-site", "no-cors", "empty", null, 403)]
    [InlineData("POST", "cross-site", "navigate", "document", "https://evil.example", 403)]
    [InlineData("POST", "cross-site", "navigate", "document", null, 403)]
    [InlineData("GET", "cross-site", "no-cors", "document", null, 403)]
    [InlineData("GET", "cross-site", "cors", "empty", Allowed, 200)]
    [InlineData("POST", "cross-site", "cors", "empty", Allowed, 405)]
    [InlineData("GET", "cross-site", "navigate", "document", null, 200)]
    [InlineData("HEAD", "cross-site", "navigate", "document", null, 200)]
    [InlineData("GET", "same-origin", "cors", "empty", null, 200)]
    [InlineData("GET", "same-origin", "no-cors", "script", null, 200)]
    [InlineData("GET", "none", "navigate", "document", null, 200)]
    public async Task Pages_of_other_sites_get_nothing_but_a_person_may_follow_their_links(
        string method, string site, string mode, string dest, string? origin, int status)
    {
        await using var raw = await RawHttp.ConnectAsync(burrow.Address);
        List<(string, string)> headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest)];
        if (origin is not null)
            headers.Add(("Origin", origin));

        foreach (var target in (string[])["/health", "/console"])
            (await raw.SendAsync(method, target, null, [.. headers])).Status.ShouldBe(status);
    }

    /// <summary>The process that all of them call.</summary>
    public sealed class Process : IAsyncLifetime
    {
        internal BurrowProcess Burrow { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Burrow = await BurrowProcess.StartAsync(
            "memory",
            new Dictionary<string, string?> { ["Burrow__Access__AllowedOrigins"] = Allowed },
            null,
            int.MaxValue,
            "--host",
            "queue.test");

        public ValueTask DisposeAsync() => Burrow.DisposeAsync();
    }
}

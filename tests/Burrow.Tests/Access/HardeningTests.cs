using System.Text;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Burrow.Tests.Access;

/// <summary>Requests that are too large are refused, pages of other origins get no access, and no secret is logged.</summary>
public sealed class HardeningTests : IAsyncLifetime
{
    private const string Origin = "https://app.example.com";

    private AccessServer server = null!;

    public async ValueTask InitializeAsync() => server = await AccessServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(17_000, 0, 0, "414")]
    [InlineData(0, 40_000, 1, "431")]
    [InlineData(0, 10, 200, "431")]
    public async Task A_request_s_head_is_bounded(int target, int value, int count, string status)
    {
        var head = new StringBuilder($"GET /v1.0/a/q?x={new string('x', target)} HTTP/1.1\r\nHost: {server.Server.Address.Authority}\r\n");
        for (var i = 0; i < count; i++)
            head.Append(null, $"X-{i}: {new string('x', value)}\r\n");
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(server.Server.Address.Host, server.Server.Address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head + "\r\n"), TestContext.Current.CancellationToken);
        var answer = new byte[12];
        await client.GetStream().ReadExactlyAsync(answer, TestContext.Current.CancellationToken);
        Encoding.ASCII.GetString(answer).ShouldBe($"HTTP/1.1 {status}");
    }

    [Theory]
    [InlineData("PUT", "/keys/a/worker", 64 * 1024)]
    [InlineData("POST", "/links/a", 64 * 1024)]
    [InlineData("PUT", "/limits/a", 64 * 1024)]
    [InlineData("PUT", "/subscriptions/a/hook", 256 * 1024)]
    [InlineData("PUT", "/v1.0/a/q/m", 1024 * 1024)]
    [InlineData("POST", "/batch/a/q", 16 * 1024 * 1024)]
    public async Task Every_body_is_bounded(string method, string target, int max) =>
        (await server.SendAsync(
            server.Admin, method, target, new string(' ', max + 1), ("Content-Type", "application/json"))).ShouldBeAProblem(413);

    [Theory]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic YnJ3Ong=")]
    [InlineData("Bearer brw__")]
    [InlineData("Bearer brw_a_b_c")]
    public async Task What_is_no_key_is_401(string authorization)
    {
        (await server.SendAsync(null, "GET", "/v1.0/a/q", null, ("Authorization", authorization))).ShouldBeAProblem(401);
        // Two headers count as no key, even if one of the two is good.
        (await server.SendAsync(server.Admin, "GET", "/v1.0/a/q", null, ("Authorization", $"Bearer {server.Admin}"))).ShouldBeAProblem(401);
    }

    [Fact]
    public async Task Pages_of_other_origins_are_told_nothing_unless_the_settings_name_theirs()
    {
        var preflight = await PreflightAsync(server);
        preflight.Status.ShouldBe(403, "the local process's own guard");
        preflight.Headers.GetValueOrDefault("Access-Control-Allow-Origin").ShouldBeNull();
        (await server.SendAsync(
            server.Admin,
            "GET",
            "/v1.0/a/q",
            null,
            ("Origin", Origin))).Headers.GetValueOrDefault("Access-Control-Allow-Origin").ShouldBeNull();

        await using var open = await AccessServer.StartAsync(
            configure: options => options.Access.AllowedOrigins = $"{Origin}, https://other.example.com");
        preflight = await PreflightAsync(open);
        preflight.Status.ShouldBe(200);
        preflight.Headers["Access-Control-Allow-Origin"].ShouldBe(Origin);
        preflight.Headers["Access-Control-Allow-Methods"].ShouldContain("PUT");
        preflight.Headers["Access-Control-Allow-Headers"].ShouldContain("Authorization");
        preflight.Headers["Vary"].ShouldBe("Origin");
        preflight.Headers.GetValueOrDefault("Access-Control-Allow-Credentials").ShouldBeNull();
        var put = await open.SendAsync(open.Admin, "PUT", "/v1.0/a/q/m", "x", ("Origin", Origin));
        (put.Status, put.Headers["Access-Control-Allow-Origin"]).ShouldBe((201, Origin));
        foreach (var header in (string[])["ETag", "Burrow-Marker", "Burrow-More", "Burrow-Paused"])
            put.Headers["Access-Control-Expose-Headers"].ShouldContain(header);
        // A page of an allowed origin can read why its request without a key is refused.
        var refused = await open.SendAsync(null, "GET", "/v1.0/a/q", null, ("Origin", Origin));
        (refused.Status, refused.Headers["Access-Control-Allow-Origin"]).ShouldBe((401, Origin));
        var foreign = await open.SendAsync(open.Admin, "GET", "/v1.0/a/q", null, ("Origin", "https://evil.example.com"));
        foreign.Headers.GetValueOrDefault("Access-Control-Allow-Origin").ShouldBeNull();
        (await open.SendAsync(open.Admin, "OPTIONS", "/v1.0/a/q")).Status.ShouldBe(405);

        static Task<RawAnswer> PreflightAsync(AccessServer server) => server.SendAsync(
            null,
            "OPTIONS",
            "/v1.0/a/q/m",
            null,
            ("Origin", Origin),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "authorization"));
    }

    [Fact]
    public void A_secret_that_is_logged_is_found()
    {
        var log = new SuiteLog(Path.Combine(Path.GetTempPath(), $"burrow-log-{Guid.NewGuid():n}.log"));
        var secret = log.Keep("a secret that must not be logged");
        var logger = log.CreateLogger("Burrow");
        logger.Log(LogLevel.Trace, default, 1, null, (_, _) => "nothing to be seen");
        logger.Log(LogLevel.Trace, default, 1, new InvalidOperationException($"It is {secret}!"), (_, _) => "failed");
        log.Write($"printed {secret}");

        var (telling, lines, secrets) = log.Search();

        (telling.Count, secrets).ShouldBe((2, 1));
        lines.ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task The_suite_s_log_has_what_servers_say_at_the_lowest_level()
    {
        // The suite searches its log for secrets only at the end. This test reads the same log now: if the servers logged nothing there,
        // it fails.
        await server.SendAsync(server.Admin, "GET", "/v1.0/a/q?st=a-link-that-was-not-made-here");
        SuiteLog.Whole.HasLine("Trace Microsoft.AspNetCore").ShouldBeTrue();
        SuiteLog.Whole.HasLine("span ").ShouldBeTrue();
        SuiteLog.Whole.HasLine("a-link-that-was-not-made-here").ShouldBeFalse();
    }
}

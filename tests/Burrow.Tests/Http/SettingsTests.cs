using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>The settings that change how requests are answered.</summary>
public sealed class SettingsTests
{
    private const string Message = "/v1.0/a/q/m";

    private readonly TestTime time = new();

    [Fact]
    public async Task A_put_that_says_nothing_has_the_default_attributes()
    {
        await using var server = await StartAsync(options => (options.DefaultTtl, options.DefaultHide) = (50, 20));
        await using var http = await RawHttp.ConnectAsync(server.Address);

        await http.SendAsync("PUT", Message, []);
        (await http.SendAsync("GET", $"{Message}?detail=attributes")).ShouldBeJson("""{"id":"m","ttl":50,"hide":20}""");
        await http.SendAsync("PUT", $"{Message}?ttl=0&hide=0", []);
        (await http.SendAsync("GET", $"{Message}?detail=attributes")).ShouldBeJson("""{"id":"m","ttl":0,"hide":0}""");
        await http.SendAsync("POST", "/batch/a/q", "{\"id\":\"m\"}"u8.ToArray(), ("Content-Type", "application/x-ndjson"));
        (await http.SendAsync("GET", $"{Message}?detail=attributes")).ShouldBeJson("""{"id":"m","ttl":50,"hide":20}""");
        await http.SendAsync("POST", Message);
        (await http.SendAsync("GET", $"{Message}?detail=attributes")).ShouldBeJson("""{"id":"m","ttl":50,"hide":20}""");
    }

    [Fact]
    public async Task Bodies_are_bounded_by_the_setting()
    {
        await using var server = await StartAsync(options => options.MaxBodyBytes = 5);
        await using var http = await RawHttp.ConnectAsync(server.Address);

        (await http.SendAsync("PUT", Message, "12345"u8.ToArray())).ShouldBeEmpty(201);
        (await http.SendAsync("PUT", Message, "123456"u8.ToArray())).ShouldBeAProblem(413);
        var answer = await http.SendAsync(
            "POST",
            "/batch/a/q",
            """[{"id":"b","body":"123456"},{"id":"c","body":"12345"},{"id":"d","body":"MTIzNDU2","encoding":"base64"}]"""u8.ToArray(),
            ("Content-Type", "application/json"));

        answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32()).ShouldBe([413, 201, 413]);
        (await http.SendAsync("GET", "/v1.0/a/q?detail=body")).ShouldBeJson("""["12345","12345"]""");
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(220, 200)]
    public async Task The_longest_wait_is_a_setting(int setting, int waited)
    {
        await using var server = await StartAsync(options => options.MaxWait = setting);
        await using var http = await RawHttp.ConnectAsync(server.Address);
        var begun = time.GetUtcNow();

        var answer = http.SendAsync("GET", "/v1.0/a/q?wait=200");
        await time.BegunAsync(TimeSpan.FromSeconds(waited));

        (await time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(1))).ShouldBeAProblem(404);
        (time.GetUtcNow() - begun).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(waited));
    }

    [Fact]
    public async Task With_no_wait_allowed_no_request_waits()
    {
        await using var server = await StartAsync(options => options.MaxWait = 0);
        await using var http = await RawHttp.ConnectAsync(server.Address);

        (await http.SendAsync("GET", "/v1.0/a/q?wait=200")).ShouldBeAProblem(404);
    }

    private Task<LocalServer> StartAsync(Action<BurrowOptions> configure) =>
        LocalServer.StartAsync(new MemoryTableStore(), time, configure);
}

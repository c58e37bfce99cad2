using System.Text.Json;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>What clients get while storage does not answer.</summary>
public sealed class StorageFailureTests : IAsyncLifetime
{
    private readonly InterceptedStore store = new(new MemoryTableStore());
    private LocalServer server = null!;
    private RawHttp raw = null!;

    public async ValueTask InitializeAsync()
    {
        server = await LocalServer.StartAsync(store, new JumpingTime());
        raw = await RawHttp.ConnectAsync(server.Address);
        await raw.SendAsync("PUT", "/v1.0/a/q/m?ttl=0", []);
        store.Before = _ => throw new TableUnavailableException("The disk is full of secrets.");
    }

    public async ValueTask DisposeAsync()
    {
        await raw.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "/v1.0")]
    [InlineData("DELETE", "/v1.0")]
    [InlineData("GET", "/v1.0/a")]
    [InlineData("DELETE", "/v1.0/a")]
    [InlineData("GET", "/v1.0/a/q")]
    [InlineData("GET", "/v1.0/a/q?wait=20")]
    [InlineData("POST", "/v1.0/a/q?hide=60&limit=1")]
    [InlineData("POST", "/v1.0/a/q?hide=60")]
    [InlineData("DELETE", "/v1.0/a/q?limit=1")]
    [InlineData("DELETE", "/v1.0/a/q")]
    [InlineData("GET", "/v1.0/a/q/m")]
    [InlineData("PUT", "/v1.0/a/q/m")]
    [InlineData("PUT", "/v1.0/a/q/m?ttl=0")]
    [InlineData("POST", "/v1.0/a/q/m?ttl=0")]
    [InlineData("POST", "/v1.0/a/q/m?hide=60")]
    [InlineData("DELETE", "/v1.0/a/q/m")]
    public async Task Every_request_that_needs_storage_is_503_and_says_when_to_come_back_and_nothing_of_why(string method, string target)
    {
        var answer = await raw.SendAsync(method, target, method is "PUT" ? [] : null);

        answer.Status.ShouldBe(503);
        int.Parse(answer.Headers["Retry-After"]).ShouldBeGreaterThan(0);
        answer.Headers["Content-Type"].ShouldBe("application/problem+json");
        answer.Text.ShouldNotContain("secrets");
        // Requests succeed again as soon as storage does.
        store.Before = _ => Task.CompletedTask;
        (await raw.SendAsync("GET", "/v1.0/a/q?match_hidden=true&detail=id")).Text.ShouldBe("""["m"]""");
    }

    [Fact]
    public async Task A_batch_says_it_of_each_item_and_tries_no_more_after_the_first()
    {
        var items = """{"op":"delete","id":"m"}""" + "\n" + """{"id":"n"}""" + "\n" + """{"op":"update","id":"m","ttl":1}""";

        var answer = await raw.SendAsync(
            "POST", "/batch/a/q", System.Text.Encoding.UTF8.GetBytes(items), ("Content-Type", "application/x-ndjson"));

        answer.Status.ShouldBe(200);
        var outcomes = JsonDocument.Parse(answer.Body).RootElement.EnumerateArray().ToList();
        outcomes.Select(outcome => outcome.GetProperty("status").GetInt32()).ShouldBe([503, 503, 503]);
        outcomes[1].GetProperty("error").GetString()!.ShouldContain("Not tried");
    }
}

using System.Text;
using Burrow.Access;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Access;

/// <summary>What one caller may do to others: to other accounts, and to other keys of its account.</summary>
public sealed class FairUseTests : IAsyncLifetime
{
    private const string Everything = "send receive read delete subscribe manage";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly MemoryTableStore store = new();
    private AccessServer server = null!;
    private string owner = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await AccessServer.StartAsync(store, configure: options => options.Quotas.MemoryBytes = 64 * 1024 * 1024);
        owner = await server.MakeKeyAsync("owner", Everything);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1.0/a/q?detail=none")]
    [InlineData("HEAD", "/v1.0/a/q?detail=none")]
    [InlineData("GET", "/v1.0/a/q?detail=none&match_hidden=true")]
    [InlineData("GET", "/v1.0/a/hidden?match_hidden=true&after=7ffffffffffffffe")]
    [InlineData("GET", "/stats/a/hidden")]
    public async Task A_request_pays_for_the_rows_that_it_goes_through(string method, string target)
    {
        await FillAsync("q", 1000, "");
        await FillAsync("hidden", 1000, "\"hide\":5000,");
        await SetAsync("""{"requestsPerSecond":5}""");

        await server.SendAsync(owner, method, target);

        // About ten requests of the five in a second, one of which must be there again.
        var refused = await server.SendAsync(owner, "GET", "/v1.0/a/none");
        refused.ShouldBeAProblem(429);
        int.Parse(refused.Headers["Retry-After"], null).ShouldBeInRange(1, 7);
    }

    [Fact]
    public async Task A_claim_of_a_few_messages_pays_as_one_request()
    {
        await FillAsync("q", 100, "");
        await SetAsync("""{"requestsPerSecond":5}""");
        for (var i = 0; i < 5; i++)
            (await server.SendAsync(owner, "POST", "/v1.0/a/q?limit=1&hide=60")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_key_can_be_revoked_while_its_requests_use_up_the_rate()
    {
        await SetAsync("""{"requestsPerSecond":1}""");
        (await server.SendAsync(owner, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await server.SendAsync(owner, "GET", "/v1.0/a/q")).Status.ShouldBe(429);

        (await server.SendAsync(owner, "DELETE", "/keys/a/owner")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Bodies_that_come_slowly_take_no_turn_from_others()
    {
        await SetAsync("""{"concurrent":2}""");
        var connections = await UploadSlowlyAsync(owner, 6);

        (await server.SendAsync(owner, "PUT", "/v1.0/a/q/1?ttl=0", "x")).Status.ShouldBe(201);
        (await server.SendAsync(owner, "POST", "/v1.0/a/q?limit=1&hide=1&detail=all")).Status.ShouldBe(200);
        (await server.SendAsync(owner, "GET", "/keys/a")).Status.ShouldBe(200);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task A_key_sends_as_many_slow_bodies_as_its_share_and_others_go_on()
    {
        await SetAsync("""{"concurrent":2}""");
        var sender = await server.MakeKeyAsync("sender", "send", "a*");
        var share = 2 * AccessLimits.UploadsPerConcurrent / 2;
        var connections = await UploadSlowlyAsync(sender, share);
        server.Time.Watch();
        var beyond = server.SendAsync(sender, "PUT", "/v1.0/a/a/1", "x");
        await server.Time.BegunAsync(AccessLimits.UploadWait);
        await using var other = await RawHttp.ConnectAsync(server.Server.Address);

        (await other.SendAsync("PUT", "/v1.0/a/q/1?ttl=0", "x"u8.ToArray(), ("Authorization", $"Bearer {owner}"))).Status.ShouldBe(201);
        server.Time.Advance(AccessLimits.UploadWait);

        (await beyond).ShouldBeAProblem(429);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task An_answer_that_is_not_read_takes_no_turn_from_others()
    {
        await SetAsync("""{"concurrent":2}""");
        for (var i = 0; i < 8; i++)
            await server.SendAsync(owner, "PUT", $"/v1.0/a/big/{i}?ttl=0", new string('x', 1_000_000));
        var connections = new List<RawHttp>();
        for (var i = 0; i < 2; i++)
        {
            connections.Add(await RawHttp.ConnectAsync(server.Server.Address));
            await connections[i].SendBytesAsync(Request("GET", "/v1.0/a/big", owner));
            await connections[i].PeekAsync();
        }

        (await server.SendAsync(owner, "GET", "/v1.0/a/big?detail=id")).Status.ShouldBe(200);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task A_revocation_ends_a_body_that_is_under_way_within_30_s()
    {
        var sender = await server.MakeKeyAsync("sender", "send");
        var connections = await UploadSlowlyAsync(sender, 1);
        (await server.SendAsync(owner, "DELETE", "/keys/a/sender")).Status.ShouldBe(200);

        var answer = await AdvanceAsync(connections[0].ReadAsync("PUT"), TimeSpan.FromSeconds(30));

        answer.ShouldBeAProblem(401);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task A_revocation_ends_an_answer_that_is_under_way_within_30_s()
    {
        for (var i = 0; i < 8; i++)
            await server.SendAsync(owner, "PUT", $"/v1.0/a/big/{i}?ttl=0", new string('x', 1_000_000));
        var reader = await server.MakeKeyAsync("reader", "read");
        await using var slow = await RawHttp.ConnectAsync(server.Server.Address);
        await slow.SendBytesAsync(Request("GET", "/v1.0/a/big", reader));
        await slow.PeekAsync();
        (await server.SendAsync(owner, "DELETE", "/keys/a/reader")).Status.ShouldBe(200);

        // The answer is larger than what the sockets hold, so the server has to wait for the client.
        for (var i = 0; i < 8; i++)
        {
            server.Time.Advance(AccessLimits.WatchInterval);
            await server.SendAsync(owner, "GET", "/v1.0/a/q");
        }

        await Should.ThrowAsync<IOException>(slow.ReadAsync("GET"));
    }

    [Fact]
    public async Task A_slow_client_keeps_memory_only_while_no_other_request_waits_for_it()
    {
        var accounts = new List<string>();
        var connections = new List<RawHttp>();
        foreach (var account in (string[])["w", "x"])
        {
            accounts.Add(await server.MakeKeyAsync("sender", "send", account: account));
            var slow = await RawHttp.ConnectAsync(server.Server.Address);
            connections.Add(slow);
            await slow.SendBytesAsync(
                Request("POST", $"/batch/{account}/q", accounts[^1], 16_000_000, "Content-Type: application/x-ndjson"));
            await slow.SendBytesAsync(Encoding.ASCII.GetBytes(new string(' ', 600_000)));
        }

        server.Time.Advance(AccessLimits.SlowAfter + AccessLimits.WatchInterval);
        server.Time.Watch();
        var body = Encoding.ASCII.GetBytes($$"""[{"id":"1","body":"{{new string('x', 1_000_000)}}"}]""");
        await using var other = await RawHttp.ConnectAsync(server.Server.Address);
        var waits = other.SendAsync(
            "POST", "/batch/a/q", body, ("Authorization", $"Bearer {owner}"), ("Content-Type", "application/json"));

        (await AdvanceAsync(waits, AccessLimits.MemoryWait)).Status.ShouldBe(200);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task Requests_that_wake_up_together_are_all_served()
    {
        await SetAsync("""{"concurrent":2}""");
        var connections = new List<RawHttp>();
        var waits = new List<Task<RawAnswer>>();
        for (var i = 0; i < 300; i++)
        {
            connections.Add(await RawHttp.ConnectAsync(server.Server.Address));
            server.Time.Watch();
            waits.Add(connections[i].SendAsync("GET", "/v1.0/a/news?wait=99", null, ("Authorization", $"Bearer {owner}")));
            await server.Time.BegunAsync(TimeSpan.FromSeconds(99));
        }

        (await server.SendAsync(owner, "PUT", "/v1.0/a/news/1?ttl=0", "x")).Status.ShouldBe(201);

        (await Task.WhenAll(waits)).Select(answer => answer.Status).Distinct().ShouldBe([200]);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task A_narrow_key_waits_no_more_often_than_its_share()
    {
        await SetAsync("""{"waiting":2}""");
        var reader = await server.MakeKeyAsync("reader", "read", "a*");
        await using var waiting = await RawHttp.ConnectAsync(server.Server.Address);
        server.Time.Watch();
        var waits = waiting.SendAsync("GET", "/v1.0/a/a?wait=50", null, ("Authorization", $"Bearer {reader}"));
        await server.Time.BegunAsync(TimeSpan.FromSeconds(50));

        (await server.SendAsync(reader, "GET", "/v1.0/a/a?wait=49")).ShouldBeAProblem(429);
        await using var another = await RawHttp.ConnectAsync(server.Server.Address);
        var own = another.SendAsync("GET", "/v1.0/a/a?wait=48", null, ("Authorization", $"Bearer {owner}"));
        await server.Time.BegunAsync(TimeSpan.FromSeconds(48));

        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/1", "x")).Status.ShouldBe(201);
        (await waits).Status.ShouldBe(200);
        (await own).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_narrow_key_makes_no_more_keys_and_webhooks_than_its_share()
    {
        await SetAsync("""{"subscriptions":4}""");
        var lead = await server.MakeKeyAsync("lead", Everything, "a*");
        for (var i = 1; i < AccessLimits.KeysPerAccount / 2; i++)
            (await server.SendAsync(lead, "PUT", $"/keys/a/k{i}", """{"queues":"a1","allow":["send"]}""")).Status.ShouldBe(201);
        (await server.SendAsync(lead, "PUT", "/keys/a/more", """{"queues":"a1","allow":["send"]}""")).ShouldBeAProblem(507);
        (await server.SendAsync(owner, "PUT", "/keys/a/mine", """{"queues":"a1","allow":["send"]}""")).Status.ShouldBe(201);

        foreach (var (name, status) in (List<(string, int)>)[("one", 201), ("two", 201), ("three", 507)])
        {
            var body = """{"endpoint":"http://127.0.0.1:9","queues":"a1"}""";
            (await server.SendAsync(lead, "PUT", $"/subscriptions/a/{name}", body)).Status.ShouldBe(status, name);
        }

        (await server.SendAsync(owner, "PUT", "/subscriptions/a/four", """{"endpoint":"http://127.0.0.1:9"}""")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task At_the_limit_of_messages_a_message_can_be_replaced_and_a_narrow_key_learns_no_numbers()
    {
        await SetAsync("""{"messages":2,"bytes":10}""");
        var sender = await server.MakeKeyAsync("sender", "send", "a*");
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/1?ttl=0", "xxx")).Status.ShouldBe(201);
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/2?ttl=0", "xxx")).Status.ShouldBe(201);

        (await server.SendAsync(sender, "PUT", "/v1.0/a/a/1?ttl=0", "yyyyyyy")).Status.ShouldBe(200);
        (await server.SendAsync(sender, "PUT", "/v1.0/a/a/2?ttl=0", "yyyy")).ShouldBeAProblem(507);
        (await server.SendAsync(sender, "PUT", "/v1.0/a/a/1?ttl=0", "z")).Status.ShouldBe(200);
        var refused = await server.SendAsync(sender, "PUT", "/v1.0/a/a/3", "x");
        refused.ShouldBeAProblem(507);
        refused.Json.GetProperty("detail").GetString().ShouldBe("This account stores as much as it may. Nothing was stored.");
        var batch = """[{"id":"1","body":"zz"},{"id":"3"}]""";
        (await server.SendAsync(sender, "POST", "/batch/a/a", batch, ("Content-Type", "application/json"))).Json.EnumerateArray()
            .Select(item => item.GetProperty("status").GetInt32()).ShouldBe([200, 507]);
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/3", "x")).Json.GetProperty("detail").GetString()!.ShouldContain("has 2");
    }

    private static byte[] Request(string method, string target, string key, int? length = null, string? header = null)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n");
        if (length is { } bytes)
            head.Append($"Content-Length: {bytes}\r\n");
        return Encoding.ASCII.GetBytes(head + (header is null ? "" : header + "\r\n") + "\r\n");
    }

    /// <summary>Begins to send so many bodies, and waits until the server has begun to receive each.</summary>
    private async Task<List<RawHttp>> UploadSlowlyAsync(string key, int count)
    {
        var connections = new List<RawHttp>();
        var limits = await server.Quotas.OfAsync(new("a"));
        for (var i = 0; i < count; i++)
        {
            var slow = await RawHttp.ConnectAsync(server.Server.Address);
            connections.Add(slow);
            await slow.SendBytesAsync([.. Request("PUT", $"/v1.0/a/a{i}/m", key, 2), (byte)'x']);
        }

        using var patience = new CancellationTokenSource(Patience);
        while (server.Quotas.Uploads.UsedBy(new("a"), limits) < count)
            await Task.Delay(1, patience.Token);
        return connections;
    }

    /// <summary>Advances the clock in small steps until the task is done, but not beyond a time.</summary>
    private async Task<RawAnswer> AdvanceAsync(Task<RawAnswer> task, TimeSpan max)
    {
        for (var passed = TimeSpan.Zero; passed < max && !task.IsCompleted; passed += TimeSpan.FromSeconds(1))
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            // Another request runs after what the clock has set off.
            await server.SendAsync(server.Admin, "GET", "/v1.0/z/q/m");
            await Task.WhenAny(task, Task.Delay(20, Token));
        }

        return await task.WaitAsync(Patience, Token);
    }

    private async Task FillAsync(string queue, int count, string members)
    {
        var items = string.Join(',', Enumerable.Range(0, count).Select(i => $$"""{{{members}}"id":"{{i}}","ttl":0}"""));
        (await server.SendAsync(server.Admin, "POST", $"/batch/a/{queue}", $"[{items}]", ("Content-Type", "application/json")))
            .Status.ShouldBe(200);
    }

    private Task<RawAnswer> SetAsync(string limits) => server.SendAsync(server.Admin, "PUT", "/limits/a", limits);

    private static async Task DisposeAllAsync(List<RawHttp> connections)
    {
        foreach (var connection in connections)
            await connection.DisposeAsync();
    }
}

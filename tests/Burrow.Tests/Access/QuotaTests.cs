using System.Globalization;
using Burrow.Access;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Access;

/// <summary>The limits of an account. Other accounts do not notice when one account wants more.</summary>
public sealed class QuotaTests : IAsyncLifetime
{
    private readonly MemoryTableStore store = new();
    private AccessServer server = null!;
    private string key = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await AccessServer.StartAsync(store);
        key = await server.MakeKeyAsync("all", "send receive read delete subscribe manage");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Who_asks_too_often_is_told_when_to_come_again_and_others_are_served()
    {
        await SetAsync("""{"requestsPerSecond":5}""");
        var other = await server.MakeKeyAsync("all", "read", account: "b");
        for (var i = 0; i < 5; i++)
            (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);

        var refused = await server.SendAsync(key, "GET", "/v1.0/a/q");

        refused.ShouldBeAProblem(429);
        refused.Headers["Retry-After"].ShouldBe("1");
        refused.Headers["RateLimit-Policy"].ShouldBe("\"requests\";q=5;w=1");
        refused.Headers["RateLimit"].ShouldBe("\"requests\";r=0;t=1");
        // The caller gets 429 for every request, also outside its own account.
        (await server.SendAsync(key, "PUT", "/v1.0/b/q/m", "x")).Status.ShouldBe(429);
        (await server.SendAsync(key, "GET", "/v1.0")).Status.ShouldBe(429);
        (await server.SendAsync(other, "GET", "/v1.0/b/q")).Status.ShouldBe(404);
        (await server.SendAsync(server.Admin, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        // A request without a key costs no account anything.
        (await server.SendAsync(null, "GET", "/v1.0/a/q")).Status.ShouldBe(401);
        server.Time.Advance(TimeSpan.FromMilliseconds(200));
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(429);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 5; i++)
            (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Batches_and_large_bodies_and_answers_count_as_many_requests()
    {
        await SetAsync("""{"requestsPerSecond":10}""");
        var batch = "[" + string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"id":"{{i}}"}""")) + "]";
        (await server.SendAsync(key, "POST", "/batch/a/q", batch, ("Content-Type", "application/json"))).Status.ShouldBe(200);
        (await WaitAsync()).ShouldBe(10, "100 of 10 a second, one of which must be there");

        (await server.SendAsync(key, "PUT", "/v1.0/a/q/large", new string('x', 160 * 1024))).Status.ShouldBe(201);
        (await WaitAsync()).ShouldBe(1);
        (await server.SendAsync(key, "GET", "/v1.0/a/q/large?detail=body")).Status.ShouldBe(200);
        (await WaitAsync()).ShouldBe(1);

        // Returns the seconds to wait, and moves the clock past them until the whole rate is available again.
        async Task<int> WaitAsync()
        {
            var refused = await server.SendAsync(key, "GET", "/v1.0/a/q");
            refused.Status.ShouldBe(429);
            var seconds = int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture);
            server.Time.Advance(TimeSpan.FromSeconds(seconds + 1));
            return seconds;
        }
    }

    [Fact]
    public async Task A_numbered_message_that_is_sent_again_is_a_duplicate_also_where_there_is_no_room_any_more()
    {
        await SetAsync("""{"messages":2}""");
        (await server.SendAsync(key, "PUT", "/v1.0/a/q/1?ttl=0&producer=p&number=1", "x")).Status.ShouldBe(201);
        (await server.SendAsync(key, "DELETE", "/v1.0/a/q/1")).Status.ShouldBe(200);
        (await PutAsync("q", "2")).Status.ShouldBe(201);
        (await PutAsync("q", "3")).Status.ShouldBe(201);

        var again = await server.SendAsync(key, "PUT", "/v1.0/a/q/1?ttl=0&producer=p&number=1", "x");
        (again.Status, again.Headers["Burrow-Duplicate"]).ShouldBe((200, "true"));
        var batch = await server.SendAsync(
            key,
            "POST",
            "/batch/a/q?producer=p",
            """[{"id":"1","number":1},{"id":"3","ttl":0,"number":10},{"id":"2","ttl":0,"number":11},{"id":"4","number":12}]""",
            ("Content-Type", "application/json"));
        batch.Json.EnumerateArray().Select(item => (item.GetProperty("status").GetInt32(), item.TryGetProperty("duplicate", out _)))
            .ShouldBe([(200, true), (200, false), (200, false), (507, false)]);
        (await server.SendAsync(key, "GET", "/producers/a/q/p")).Json.GetProperty("last").GetInt64().ShouldBe(11);
    }

    [Fact]
    public async Task Messages_and_bytes_are_bounded_until_some_are_gone()
    {
        await SetAsync("""{"messages":3}""");
        foreach (var id in (string[])["1", "2", "3"])
            (await PutAsync("q", id)).Status.ShouldBe(201);
        (await PutAsync("q", "4")).ShouldBeAProblem(507);
        (await BatchAsync("""[{"id":"4"}]""")).ShouldBe([507]);
        (await server.SendAsync(key, "GET", "/v1.0/a/q?detail=id")).Strings.ShouldBe(["1", "2", "3"]);
        (await server.SendAsync(key, "POST", "/v1.0/a/q?limit=1&hide=60")).Status.ShouldBe(200);
        (await server.SendAsync(key, "DELETE", "/v1.0/a/q/1")).Status.ShouldBe(200);
        (await PutAsync("q", "4")).Status.ShouldBe(201);
        (await PutAsync("q", "5")).Status.ShouldBe(507);

        await SetAsync("""{"bytes":100}""");
        (await PutAsync("q", "5", new string('x', 98))).ShouldBeAProblem(507);
        (await PutAsync("q", "5", new string('x', 97))).Status.ShouldBe(201);
        (await PutAsync("q", "6")).ShouldBeAProblem(507);
        // A request that makes room is carried out.
        (await BatchAsync("""[{"id":"6"}]""")).ShouldBe([201]);
        (await BatchAsync("""[{"id":"7","body":"x"},{"op":"delete","id":"6"}]""")).ShouldBe([507, 200]);
        (await server.SendAsync(key, "DELETE", "/v1.0/a/q/5")).Status.ShouldBe(200);
        (await PutAsync("q", "6")).Status.ShouldBe(201);

        async Task<IEnumerable<int>> BatchAsync(string batch) =>
            (await server.SendAsync(
                key,
                "POST",
                "/batch/a/q",
                batch,
                ("Content-Type", "application/json"))).Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Queues_are_bounded_but_those_that_are_there_take_more()
    {
        await SetAsync("""{"queues":2}""");
        (await PutAsync("one", "1")).Status.ShouldBe(201);
        (await PutAsync("two", "1")).Status.ShouldBe(201);
        (await PutAsync("three", "1")).ShouldBeAProblem(507);
        (await PutAsync("two", "2")).Status.ShouldBe(201);
        (await server.SendAsync(key, "DELETE", "/v1.0/a/one?match_hidden=true")).Status.ShouldBe(200);
        (await PutAsync("three", "1")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Subscriptions_and_waiting_requests_are_bounded()
    {
        await SetAsync("""{"subscriptions":1,"waiting":1}""");
        (await server.SendAsync(key, "PUT", "/subscriptions/a/one", """{"endpoint":"http://127.0.0.1:9"}""")).Status.ShouldBe(201);
        (await server.SendAsync(key, "PUT", "/subscriptions/a/two", """{"endpoint":"http://127.0.0.1:9"}""")).ShouldBeAProblem(507);

        await using var waiting = await RawHttp.ConnectAsync(server.Server.Address);
        server.Time.Watch();
        var waits = waiting.SendAsync("GET", "/v1.0/a/q?wait=50", null, ("Authorization", $"Bearer {key}"));
        await server.Time.BegunAsync(TimeSpan.FromSeconds(50));
        var refused = await server.SendAsync(key, "GET", "/v1.0/a/q?wait=50");
        refused.ShouldBeAProblem(429);
        refused.Headers["RateLimit-Policy"].ShouldBe("\"waiting\";q=1;qu=\"concurrent-requests\"");
        refused.Headers["Retry-After"].ShouldBe("2");
        (await PutAsync("q", "1")).Status.ShouldBe(201);
        (await waits).Status.ShouldBe(200);
        // A request that does not need to wait is not counted.
        (await server.SendAsync(key, "GET", "/v1.0/a/q?wait=50")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task What_another_process_stores_counts_as_soon_as_it_is_written_down_and_read()
    {
        await using var other = await AccessServer.StartAsync(store, server.Time, server.Admin);
        await SetAsync("""{"messages":2}""");
        (await PutAsync("q", "1")).Status.ShouldBe(201);
        (await other.SendAsync(key, "PUT", "/v1.0/a/q/2", "x")).Status.ShouldBe(201);
        (await other.SendAsync(key, "PUT", "/v1.0/a/q/3", "x")).Status.ShouldBe(201);

        foreach (var process in (AccessServer[])[server, other])
            await process.Server.Services.GetRequiredService<QueueEngine>().WriteCountsAsync(Token);
        (await PutAsync("q", "4")).Status.ShouldBe(201);
        await server.Server.Services.GetRequiredService<QueueEngine>().WriteCountsAsync(Token);
        server.Time.Advance(QueueLimits.UsageFreshness);

        // Each process looks again beside the first request that it gets.
        foreach (var process in (AccessServer[])[server, other])
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            for (var i = 5; (await process.SendAsync(key, "PUT", $"/v1.0/a/q/{i}?ttl=0", "x")).Status != 507; i++)
                await Task.Delay(1, patience.Token);
        }
    }

    [Fact]
    public async Task What_goes_through_a_whole_queue_takes_turns_and_others_are_served_meanwhile()
    {
        var blocked = new InterceptedStore(store);
        await using var server = await AccessServer.StartAsync(blocked, this.server.Time, this.server.Admin);
        await SetAsync("""{"concurrent":10}""");
        for (var i = 0; i < 4; i++)
            (await PutAsync($"q{i}", "1")).Status.ShouldBe(201);
        var released = new TaskCompletionSource();
        var passes = 0;
        var begun = new SemaphoreSlim(0);
        blocked.Before = call =>
        {
            if (call is not { Table: "messages", Kind: CallKind.Query })
                return Task.CompletedTask;
            Interlocked.Increment(ref passes);
            begun.Release();
            return released.Task;
        };
        var connections = new List<RawHttp>();
        var asked = new List<Task<RawAnswer>>();
        for (var i = 0; i < 4; i++)
        {
            connections.Add(await RawHttp.ConnectAsync(server.Server.Address));
            asked.Add(connections[i].SendAsync("POST", $"/v1.0/a/q{i}?ttl=0&match_hidden=true", null, ("Authorization", $"Bearer {key}")));
        }

        // Two of the four requests run, because each counts as half of ten. Every request of another account is served.
        await begun.WaitAsync(Token);
        await begun.WaitAsync(Token);
        (await server.SendAsync(server.Admin, "GET", "/v1.0/b/q/m")).Status.ShouldBe(404);
        passes.ShouldBe(2);
        released.SetResult();
        foreach (var answer in await Task.WhenAll(asked))
            answer.Status.ShouldBe(200);
        foreach (var connection in connections)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task Limits_are_shown_set_and_reset()
    {
        var defaults =
            """{"requestsPerSecond":9007199254740991,"messages":10000000,"bytes":107374182400,"queues":10000,"""
            + "\"waiting\":1000,\"concurrent\":32,\"subscriptions\":20}";
        (await server.SendAsync(key, "GET", "/limits/a")).Text.ShouldBe(defaults);
        (await SetAsync("""{"queues":7,"waiting":0}""")).Text.ShouldBe(
            defaults.Replace("\"queues\":10000,\"waiting\":1000", "\"queues\":7,\"waiting\":0"));
        // The new limits replace all that were set before.
        (await SetAsync("""{"messages":1}""")).Text.ShouldBe(defaults.Replace("10000000", "1"));
        (await server.SendAsync(server.Admin, "DELETE", "/limits/a")).Text.ShouldBe(defaults);
        (await server.SendAsync(server.Admin, "DELETE", "/limits/a")).Text.ShouldBe(defaults);
    }

    [Theory]
    [InlineData("60", 60)]
    [InlineData("60.0", 60)]
    [InlineData("6e1", 60)]
    [InlineData("6E+1", 60)]
    [InlineData("-0", 0)]
    [InlineData("-0.0", 0)]
    [InlineData("9007199254740991.0", 9007199254740991)]
    public async Task A_limit_is_a_whole_number_however_it_is_written(string text, long value) =>
        (await SetAsync($$"""{"messages":{{text}}}""")).Json.GetProperty("messages").GetInt64().ShouldBe(value);

    [Theory]
    [InlineData("""{"requestsPerSecond":0}""", "requestsPerSecond")]
    [InlineData("""{"messages":-1}""", "messages")]
    [InlineData("""{"bytes":9007199254740992}""", "bytes")]
    [InlineData("""{"queues":"many"}""", "queues")]
    [InlineData("""{"waiting":1000001}""", "waiting")]
    [InlineData("""{"concurrent":1}""", "concurrent")]
    [InlineData("""{"subscriptions":501}""", "subscriptions")]
    [InlineData("""{"wait":1}""", "body")]
    [InlineData("""{"bytes":9007199254740993}""", "bytes")]
    [InlineData("""{"bytes":9007199254740991.5}""", "bytes")]
    [InlineData("""{"messages":1e400}""", "messages")]
    [InlineData("""{"messages":1e-400}""", "messages")]
    [InlineData("""{"messages":60.5}""", "messages")]
    [InlineData("""{"messages":1,"messages":1}""", "messages")]
    public async Task What_is_wrong_with_limits_is_named(string body, string parameter) =>
        (await server.SendAsync(server.Admin, "PUT", "/limits/a", body)).ShouldRefuse(parameter);

    [Fact]
    public async Task While_storage_fails_no_request_is_let_in_and_afterwards_the_key_works_again()
    {
        var broken = new InterceptedStore(store);
        await using var server = await AccessServer.StartAsync(broken, new TestTime(), this.server.Admin);
        broken.Before = call => call.Table == AccessTable.Name
            ? throw new TableUnavailableException("down", new IOException())
            : Task.CompletedTask;
        var asking = server.SendAsync(key, "GET", "/v1.0/a/q");
        (await server.Time.AdvanceUntilAsync(asking, TimeSpan.FromSeconds(1))).ShouldBeAProblem(503);
        broken.Before = _ => Task.CompletedTask;
        (await server.SendAsync(key, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
    }

    private Task<RawAnswer> SetAsync(string limits) => server.SendAsync(server.Admin, "PUT", "/limits/a", limits);

    private Task<RawAnswer> PutAsync(string queue, string id, string body = "x") =>
        server.SendAsync(key, "PUT", $"/v1.0/a/{queue}/{id}?ttl=0", body);
}

using System.Globalization;
using System.Text;
using Burrow.Access;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Access;

/// <summary>What one caller may do to others: to other accounts, and to other keys of its account.</summary>
public sealed class FairUseTests : IAsyncLifetime
{
    private const string Everything = "send receive read delete subscribe manage";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly InterceptedStore store = new(new MemoryTableStore());
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
    public async Task Bodies_of_which_one_byte_has_come_take_little_memory_and_only_the_share_of_their_key()
    {
        var sender = await server.MakeKeyAsync("sender", "send", "a*");
        var connections = await UploadSlowlyAsync(sender, 100, 200_000);

        server.Quotas.Memory.Used.ShouldBeLessThanOrEqualTo(100 * 64 * 1024);
        (await server.SendAsync(owner, "PUT", "/v1.0/a/q/1?ttl=0", "x")).Status.ShouldBe(201);
        (await server.SendAsync(owner, "POST", "/v1.0/a/q?limit=1&hide=1&detail=all")).Status.ShouldBe(200);
        (await server.SendAsync(owner, "DELETE", "/keys/a/sender")).Status.ShouldBe(200);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task Bodies_that_have_no_meaning_count_as_bodies_under_way()
    {
        await SetAsync("""{"concurrent":2}""");
        var connections = await UploadSlowlyAsync(owner, 4, 65_536, "GET");

        (await server.SendAsync(owner, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task Unread_answers_of_single_messages_are_bounded_and_others_go_on()
    {
        var escaped = string.Concat(Enumerable.Repeat('\u0001', 1_000_000));
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/1?ttl=0", escaped)).Status.ShouldBe(201);
        var reader = await server.MakeKeyAsync("reader", "read", "a*");
        var connections = new List<RawHttp>();
        for (var i = 0; i < 10; i++)
        {
            connections.Add(await RawHttp.ConnectAsync(server.Server.Address));
            await connections[i].SendBytesAsync(Request("GET", "/v1.0/a/a/1", reader));
            if (i == 0)
                await connections[i].PeekAsync();
        }

        (await server.SendAsync(owner, "GET", "/v1.0/a/a/1?detail=id")).Status.ShouldBe(200);
        // An answer is weighed with 12 MB. The key's share is 7 MiB, in which one request is served alone.
        server.Quotas.Memory.Used.ShouldBeLessThan(20_000_000);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task A_take_whose_link_expires_meanwhile_shows_what_it_has_deleted()
    {
        for (var n = 0; n < 3; n++)
            await FillAsync("a", 1000, "", n * 1000);
        var end = server.Time.GetUtcNow().AddSeconds(20).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var link = await server.MakeLinkAsync(
            owner, $$"""{"method":"DELETE","queue":"a","parameters":{"detail":"id"},"expires":"{{end}}"}""");
        var (blocked, begun, submits) = (new TaskCompletionSource(), new TaskCompletionSource(), 0);
        store.Before = call =>
        {
            if (call is not { Table: "messages", Kind: CallKind.Submit } || Interlocked.Increment(ref submits) <= 10)
                return Task.CompletedTask;
            begun.TrySetResult();
            return blocked.Task;
        };
        await using var taker = await RawHttp.ConnectAsync(server.Server.Address);
        var taking = taker.SendAsync("DELETE", link);
        await begun.Task;
        for (var i = 0; i < 7; i++)
        {
            server.Time.Advance(AccessLimits.WatchInterval);
            await server.SendAsync(server.Admin, "GET", "/v1.0/z/q/m");
        }

        store.Before = _ => Task.CompletedTask;
        blocked.SetResult();
        var taken = await taking;

        taken.Status.ShouldBe(200);
        taken.More.ShouldBeTrue();
        var left = await server.SendAsync(owner, "GET", "/v1.0/a/a?detail=id");
        taken.Strings.Concat(left.Strings).Count().ShouldBe(3000);
        taken.Strings.Concat(left.Strings).Distinct().Count().ShouldBe(3000);
    }

    [Fact]
    public async Task A_waiting_request_in_debt_looks_no_more_until_it_is_paid()
    {
        await FillAsync("a", 1000, "\"hide\":50000,");
        await SetAsync("""{"requestsPerSecond":5}""");
        await using var waiting = await RawHttp.ConnectAsync(server.Server.Address);
        server.Time.Watch();
        var waits = waiting.SendAsync(
            "GET", "/v1.0/a/a?wait=95&match_hidden=true&after=7ffffffffffffffe", null, ("Authorization", $"Bearer {owner}"));
        await server.Time.BegunAsync(TimeSpan.FromSeconds(95));
        for (var second = 0; second < 60; second++)
            await StepAsync();

        // One look reads some 1,000 rows: 10 requests, of which 5 are paid in a second.
        server.Quotas.Rate.DebtOf(new("a"), manages: false).ShouldBeLessThan(10);
        for (var second = 0; second < 40 && !waits.IsCompleted; second++)
            await StepAsync();
        (await waits).Status.ShouldBe(404);

        async Task StepAsync()
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            await server.SendAsync(server.Admin, "GET", "/v1.0/z/q/m");
        }
    }

    [Fact]
    public async Task Requests_that_manage_an_account_are_served_a_few_at_a_time()
    {
        await SetAsync("""{"concurrent":2}""");
        await server.SendAsync(owner, "GET", "/keys/a");
        var (blocked, begun, reading) = (new TaskCompletionSource(), new SemaphoreSlim(0), 0);
        store.Before = call =>
        {
            if (call is not { Table: AccessTable.Name, Kind: CallKind.Query })
                return Task.CompletedTask;
            Interlocked.Increment(ref reading);
            begun.Release();
            return blocked.Task;
        };
        var connections = new List<RawHttp>();
        var asked = new List<Task<RawAnswer>>();
        for (var i = 0; i < 8; i++)
        {
            connections.Add(await RawHttp.ConnectAsync(server.Server.Address));
            asked.Add(connections[i].SendAsync("GET", "/keys/a", null, ("Authorization", $"Bearer {owner}")));
        }

        await begun.WaitAsync(Token);
        await begun.WaitAsync(Token);
        (await server.SendAsync(owner, "GET", "/v1.0/a/q")).Status.ShouldBe(404);
        reading.ShouldBe(2);
        store.Before = _ => Task.CompletedTask;
        blocked.SetResult();
        (await Task.WhenAll(asked)).ShouldAllBe(answer => answer.Status == 200);
        await DisposeAllAsync(connections);
    }

    [Fact]
    public async Task A_batch_at_the_limit_says_of_each_item_what_became_of_it_though_storage_fails()
    {
        await SetAsync("""{"messages":2}""");
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/1?ttl=0", "old")).Status.ShouldBe(201);
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/2?ttl=0", "old")).Status.ShouldBe(201);
        var submitted = false;
        store.After = call =>
        {
            submitted |= call is { Table: "messages", Kind: CallKind.Submit };
            return Task.CompletedTask;
        };
        store.Before = call => submitted && call is { Table: "messages", Kind: not CallKind.Submit }
            ? throw new TableUnavailableException("down", new IOException())
            : Task.CompletedTask;

        var asking = server.SendAsync(
            owner, "POST", "/batch/a/a", """[{"op":"delete","id":"1"},{"id":"2","body":"new"}]""", ("Content-Type", "application/json"));
        var answer = await server.Time.AdvanceUntilAsync(asking, TimeSpan.FromMilliseconds(200));

        answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32()).ShouldBe([200, 503]);
    }

    [Fact]
    public async Task All_keys_made_with_a_narrow_key_and_all_its_links_use_its_share()
    {
        await SetAsync("""{"waiting":2}""");
        var lead = await server.MakeKeyAsync("lead", Everything, "a*");
        var second = await server.MakeKeyAsync("second", "read", "a*", with: lead);
        var link = await server.MakeLinkAsync(
            lead, """{"method":"GET","queue":"a","parameters":{"wait":null},"expires":"2100-01-01T00:00:00Z"}""");
        await using var waiting = await RawHttp.ConnectAsync(server.Server.Address);
        server.Time.Watch();
        var waits = waiting.SendAsync("GET", "/v1.0/a/a?wait=50", null, ("Authorization", $"Bearer {lead}"));
        await server.Time.BegunAsync(TimeSpan.FromSeconds(50));

        (await server.SendAsync(second, "GET", "/v1.0/a/a?wait=49")).ShouldBeAProblem(429);
        (await server.SendAsync(null, "GET", link + "&wait=49")).ShouldBeAProblem(429);
        (await server.SendAsync(owner, "PUT", "/v1.0/a/a/1", "x")).Status.ShouldBe(201);
        (await waits).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Keys_of_a_narrow_key_that_have_expired_make_room()
    {
        var lead = await server.MakeKeyAsync("lead", Everything, "a*");
        var end = server.Time.GetUtcNow().AddMinutes(10).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var body = $$"""{"queues":"a1","allow":["send"],"expires":"{{end}}"}""";
        for (var i = 1; i < AccessLimits.KeysPerAccount / 2; i++)
            (await server.SendAsync(lead, "PUT", $"/keys/a/k{i}", body)).Status.ShouldBe(201);
        (await server.SendAsync(lead, "PUT", "/keys/a/more", body)).ShouldBeAProblem(507);

        server.Time.Advance(TimeSpan.FromMinutes(10));

        (await server.SendAsync(lead, "PUT", "/keys/a/more", """{"queues":"a1","allow":["send"]}""")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task One_slow_read_keeps_no_other_caller_from_being_checked()
    {
        var slow = await server.MakeKeyAsync("sender", "send", account: "w");
        var sender = await server.MakeKeyAsync("sender", "send");
        await using var first = await RawHttp.ConnectAsync(server.Server.Address);
        await first.SendBytesAsync([.. Request("PUT", "/v1.0/w/q/1", slow, 2), (byte)'x']);
        var connections = await UploadSlowlyAsync(sender, 1);
        var blocked = new TaskCompletionSource();
        store.Before = call => call is { Table: AccessTable.Name, Kind: CallKind.Get } && call.Partition == KeyId.PartitionOf(new("w"))
            ? blocked.Task
            : Task.CompletedTask;
        server.Time.Advance(AccessLimits.AccessFreshness);
        (await server.SendAsync(owner, "DELETE", "/keys/a/sender")).Status.ShouldBe(200);

        (await AdvanceAsync(connections[0].ReadAsync("PUT"), TimeSpan.FromSeconds(30))).ShouldBeAProblem(401);
        blocked.SetResult();
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
        // The answer is larger than what the sockets hold, so the server has to wait for the client.
        await using var server = await AccessServer.StartAsync(store, this.server.Time, this.server.Admin);
        for (var i = 0; i < 15; i++)
            await server.SendAsync(owner, "PUT", $"/v1.0/a/big/{i}?ttl=0", new string('x', 1_000_000));
        var reader = await server.MakeKeyAsync("reader", "read");
        await using var slow = await RawHttp.ConnectAsync(server.Server.Address, receiveBuffer: 8192);
        await slow.SendBytesAsync(Request("GET", "/v1.0/a/big", reader));
        await slow.PeekAsync();
        (await server.SendAsync(owner, "DELETE", "/keys/a/reader")).Status.ShouldBe(200);

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
        // Together they leave less than the other request needs.
        await using var first = await SendSlowlyAsync("w");
        await using var second = await SendSlowlyAsync("x", 3_000_000);

        (await SendBesideSlowAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_slow_client_gives_way_to_other_keys_of_its_account()
    {
        await using var slow = await SendSlowlyAsync("a");

        (await SendBesideSlowAsync()).Status.ShouldBe(200);
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
    public async Task A_narrow_key_makes_no_more_keys_policies_and_webhooks_than_its_share()
    {
        await SetAsync("""{"subscriptions":4}""");
        var lead = await server.MakeKeyAsync("lead", Everything, "a*");
        for (var i = 1; i < AccessLimits.KeysPerAccount / 2; i++)
            (await server.SendAsync(lead, "PUT", $"/keys/a/k{i}", """{"queues":"a1","allow":["send"]}""")).Status.ShouldBe(201);
        (await server.SendAsync(lead, "PUT", "/keys/a/more", """{"queues":"a1","allow":["send"]}""")).ShouldBeAProblem(507);
        (await server.SendAsync(owner, "PUT", "/keys/a/mine", """{"queues":"a1","allow":["send"]}""")).Status.ShouldBe(201);

        for (var i = 1; i <= PolicyLimits.Policies / 2; i++)
        {
            var policy = $$"""{"queues":"a{{i}}"}""";
            (await server.SendAsync(lead, "PUT", $"/policies/a/p{i}", policy)).Status.ShouldBe(201);
        }

        (await server.SendAsync(lead, "PUT", "/policies/a/more", """{"queues":"abc"}""")).ShouldBeAProblem(507);
        (await server.SendAsync(lead, "PUT", "/policies/a/p1", """{"queues":"abc"}""")).Status.ShouldBe(200);
        (await server.SendAsync(owner, "PUT", "/policies/a/mine", """{"queues":"mine"}""")).Status.ShouldBe(201);

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
    private async Task<List<RawHttp>> UploadSlowlyAsync(string key, int count, int length = 2, string method = "PUT")
    {
        var connections = new List<RawHttp>();
        var limits = await server.Quotas.OfAsync(new("a"));
        for (var i = 0; i < count; i++)
        {
            var slow = await RawHttp.ConnectAsync(server.Server.Address);
            connections.Add(slow);
            await slow.SendBytesAsync([.. Request(method, $"/v1.0/a/a{i}/m", key, length), (byte)'x']);
        }

        using var patience = new CancellationTokenSource(Patience);
        while (server.Quotas.Uploads.UsedBy(new("a"), limits) < count)
            await Task.Delay(1, patience.Token);
        return connections;
    }

    /// <summary>Advances the clock in small steps until the task is done, but not beyond a time.</summary>
    /// <summary>Begins a large body, and returns when the server holds the memory for all of it and waits for the rest.</summary>
    private async Task<RawHttp> SendSlowlyAsync(string account, int length = 16_000_000)
    {
        var sender = await server.MakeKeyAsync("sender", "send", account: account);
        var (watched, used) = (server.Watched, server.Quotas.Memory.Used);
        var slow = await RawHttp.ConnectAsync(server.Server.Address);
        await slow.SendBytesAsync(Request("POST", $"/batch/{account}/q", sender, length, "Content-Type: application/x-ndjson"));
        // A body is timed from when the server waits for it.
        await UntilAsync(() => server.Watched > watched);
        await slow.SendBytesAsync(Encoding.ASCII.GetBytes(new string(' ', 300_000)));
        await UntilAsync(() => server.Quotas.Memory.Used >= used + (3L * length));
        return slow;
    }

    /// <summary>Sends a request that has to wait for the memory of slow ones, and lets the server look once before the wait ends.</summary>
    private async Task<RawAnswer> SendBesideSlowAsync()
    {
        server.Time.Advance(AccessLimits.SlowAfter + AccessLimits.WatchInterval);
        server.Time.Watch();
        var body = Encoding.ASCII.GetBytes($$"""[{"id":"1","body":"{{new string('x', 1_000_000)}}"}]""");
        await using var other = await RawHttp.ConnectAsync(server.Server.Address);
        var waits = other.SendAsync(
            "POST", "/batch/a/q", body, ("Authorization", $"Bearer {owner}"), ("Content-Type", "application/json"));
        await server.Time.BegunAsync(AccessLimits.MemoryWait);
        server.Time.Advance(AccessLimits.WatchInterval);
        return await waits.WaitAsync(Patience, Token);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
            await Task.Delay(1, patience.Token);
    }

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

    private async Task FillAsync(string queue, int count, string members, int from = 0)
    {
        var items = string.Join(',', Enumerable.Range(from, count).Select(i => $$"""{{{members}}"id":"{{i}}","ttl":0}"""));
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

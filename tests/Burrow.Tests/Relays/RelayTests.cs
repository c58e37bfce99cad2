using System.Net;
using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Relays;

/// <summary>Messages come to another deployment (docs/datacentres.md).</summary>
public sealed class RelayTests
{
    private const string Manager = """{"queues":"*","allow":["manage"]}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_stands_in_a_queue_and_what_is_put_comes_in_order_and_as_it_was_put()
    {
        await using var both = await TwoDeployments.StartAsync();
        await PutAsync(both.East, "q/1?ttl=0&priority=9&group=g", "first");
        await PutAsync(both.East, "q/2?ttl=1000&hide=500", "second");
        await PutAsync(both.East, "q/large?ttl=0", new string('é', 100_000));
        (await both.RelayAsync()).Status.ShouldBe(HttpStatusCode.Created);
        await both.CameAsync("1", "2", "large");
        await PutAsync(both.East, "q/4?ttl=0", "");

        await both.CameAsync("1", "2", "large", "4");

        var here = await TwoDeployments.GetAsync(both.East, "v1.0/a/q?detail=full&match_hidden=true");
        var there = await TwoDeployments.GetAsync(both.West, "v1.0/a/q?detail=full&match_hidden=true");
        foreach (var (one, other) in here.EnumerateArray().Zip(there.EnumerateArray()))
        {
            foreach (var member in one.EnumerateObject().Where(member => member.Name is not ("etag" or "ttl" or "hide")))
                other.GetProperty(member.Name).ToString().ShouldBe(member.Value.ToString());
            foreach (var member in (string[])["ttl", "hide"])
            {
                var seconds = one.GetProperty(member).GetInt64();
                other.GetProperty(member).GetInt64().ShouldBeInRange(seconds - 2, seconds + 2);
            }
        }

        (await both.StateAsync("active")).GetProperty("links")[0].GetProperty("messages").GetInt64().ShouldBe(0);
        (await TwoDeployments.GetAsync(both.East, "relays/a/r/missing")).GetArrayLength().ShouldBe(0);
        (await TwoDeployments.GetAsync(both.East, "stats/a/q")).GetProperty("relay").ToString()
            .ShouldBe("""{"state":"active","messages":0,"seconds":0}""");
        (await TwoDeployments.GetAsync(both.West, "stats/a/q")).TryGetProperty("relay", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_consumed_at_once_comes_all_the_same_and_bytes_stay_bytes()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        using var bytes = new ByteArrayContent([0xff, 0, 0x80, 1]);
        (await both.East.Http.PutAsync("v1.0/a/q/bytes?ttl=0", bytes, Token)).StatusCode.ShouldBe(HttpStatusCode.Created);
        for (var i = 0; i < 30; i++)
        {
            await PutAsync(both.East, $"q/{i}?ttl=0", $"{i}");
            await both.East.Http.DeleteAsync($"v1.0/a/q/{i}", Token);
        }

        await both.CameAsync(["bytes", .. Enumerable.Range(0, 30).Select(i => $"{i}")]);

        (await both.West.Http.GetByteArrayAsync("v1.0/a/q/bytes?detail=body", Token)).ShouldBe([0xff, 0, 0x80, 1]);
    }

    [Fact]
    public async Task A_producer_with_numbers_changes_sides_and_each_message_is_stored_once()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        for (var i = 1; i <= 5; i++)
            await PutAsync(both.East, $"q/{i}?ttl=0&producer=p&number={i}" + (i == 1 ? "" : $"&previous={i - 1}"), "x");
        await both.CameAsync("1", "2", "3", "4", "5");

        (await TwoDeployments.GetAsync(both.West, "producers/a/q/p")).GetProperty("last").GetInt64().ShouldBe(5);
        // It goes on there, and is not sure of its last message.
        (await PutAsync(both.West, "q/again?ttl=0&producer=p&number=5&previous=4", "x")).ShouldBe(HttpStatusCode.OK);
        (await PutAsync(both.West, "q/6?ttl=0&producer=p&number=6&previous=5", "x")).ShouldBe(HttpStatusCode.Created);
        // What it had put at the first side too comes late, and is a duplicate.
        await PutAsync(both.East, "q/6?ttl=0&producer=p&number=6&previous=5", "x");
        await PutAsync(both.East, "q/end?ttl=0", "x");
        await both.CameAsync("1", "2", "3", "4", "5", "6", "end");
    }

    [Fact]
    public async Task An_id_that_is_taken_holds_the_queue_up_by_name_until_it_is_consumed()
    {
        await using var both = await TwoDeployments.StartAsync();
        await PutAsync(both.West, "q/taken?ttl=0", "theirs");
        await both.RelayAsync();
        await PutAsync(both.East, "q/taken?ttl=0", "ours");
        await PutAsync(both.East, "q/behind?ttl=0", "x");
        await PutAsync(both.East, "other/1?ttl=0", "x");

        var relay = await both.StateAsync("failing", "'taken'");

        relay.GetProperty("reason").GetString()!.ShouldStartWith("q: A message of the id 'taken' is at the other side");
        await TwoDeployments.UntilAsync(
            async () => (await TwoDeployments.IdsAsync(both.West, "other")).Length == 1, () => Task.FromResult("another queue is held up"));
        var missing = await TwoDeployments.GetAsync(both.East, "relays/a/r/missing");
        missing.ToString().ShouldBe(
            """[{"queue":"q","id":"taken","change":"put"},{"queue":"q","id":"behind","change":"put"}]""");
        await both.West.Http.DeleteAsync("v1.0/a/q/taken", Token);
        await both.CameAsync("taken", "behind");
        (await both.West.Http.GetStringAsync("v1.0/a/q/taken?detail=body", Token)).ShouldBe("ours");
        await both.StateAsync("active");
    }

    [Fact]
    public async Task The_other_side_wants_a_key_that_allows_relay_and_that_key_can_do_nothing_else()
    {
        var admin = AccessServer.NewAdminKey();
        await using var both = await TwoDeployments.StartAsync(configureWest: options =>
        {
            options.Access.Mode = Burrow.Access.AccessMode.Keys;
            options.Access.AdminKeys = admin;
            options.Access.Secret = AccessServer.NewSecret();
        });
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.RelayAsync();
        await both.StateAsync("failing", "401");
        var sender = await KeyAsync("sender", """{"queues":"*","allow":["send"]}""");
        (await both.RelayAsync(more: $$""","key":"{{sender}}" """)).Status.ShouldBe(HttpStatusCode.OK);
        await both.StateAsync("failing", "403");
        var elsewhere = await KeyAsync("elsewhere", """{"queues":"x","allow":["relay"]}""");
        await both.RelayAsync(more: $$""","key":"{{elsewhere}}" """);
        await both.StateAsync("failing", "for the queues x");
        var relay = await KeyAsync("relay", """{"queues":"*","allow":["relay"]}""");

        var put = await both.RelayAsync(more: $$""","key":"{{relay}}" """);

        await both.StateAsync("active");
        put.Json.ToString().ShouldNotContain(relay);
        (await TwoDeployments.GetAsync(both.East, "relays/a")).ToString().ShouldNotContain("key");
        (await TwoDeployments.SendAsync(both.West, HttpMethod.Get, "v1.0/a/q", key: admin)).Json.GetArrayLength().ShouldBe(1);
        foreach (var (method, path) in ((HttpMethod, string)[])
            [(HttpMethod.Get, "v1.0/a/q"), (HttpMethod.Put, "v1.0/a/q/x"), (HttpMethod.Delete, "v1.0/a/q"), (HttpMethod.Get, "relays/a")])
        {
            (await TwoDeployments.SendAsync(both.West, method, path, method == HttpMethod.Put ? "x" : null, relay))
                .Status.ShouldBe(HttpStatusCode.Forbidden);
        }

        var batch = await TwoDeployments.SendAsync(both.West, HttpMethod.Post, "batch/a/q", """[{"id":"x"}]""", relay, "application/json");
        batch.Json[0].GetProperty("status").GetInt32().ShouldBe(403);

        async Task<string> KeyAsync(string name, string spec) =>
            (await TwoDeployments.SendAsync(both.West, HttpMethod.Put, $"keys/a/{name}", spec, admin)).Json.GetProperty("key").GetString()!;
    }

    [Fact]
    public async Task Who_is_shut_out_stops_and_goes_on_once_the_relay_is_put_again()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.CameAsync("1");
        var producer = await both.ProducerAsync();
        (await TwoDeployments.PutAsync(both.West, $"producers/a/q/{producer}", TwoDeployments.Fence)).Status.ShouldBe(HttpStatusCode.OK);
        await PutAsync(both.East, "q/2?ttl=0", "x");

        await both.StateAsync("failing", "Fenced");

        (await TwoDeployments.IdsAsync(both.West)).ShouldBe(["1"]);
        (await TwoDeployments.GetAsync(both.East, "relays/a/r/missing")).ToString()
            .ShouldBe("""[{"queue":"q","id":"2","change":"put"}]""");
        (await both.RelayAsync()).Status.ShouldBe(HttpStatusCode.OK);
        await both.CameAsync("1", "2");
    }

    [Fact]
    public async Task A_side_that_has_forgotten_is_never_sent_all_over_again()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.CameAsync("1");
        var producer = await both.ProducerAsync();
        await both.West.Http.DeleteAsync($"producers/a/q/{producer}", Token);
        await PutAsync(both.East, "q/2?ttl=0", "x");

        await both.StateAsync("failing", "forgotten");

        await both.RelayAsync();
        await both.StateAsync("failing", "forgotten");
        await both.West.Http.DeleteAsync("v1.0/a/q", Token);
        await both.East.Http.DeleteAsync("relays/a/r", Token);
        await both.RelayAsync();
        await both.CameAsync("1", "2");
    }

    [Fact]
    public async Task Relays_that_face_each_other_do_not_send_a_message_back()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        await TwoDeployments.PutAsync(both.West, "relays/a/back", $$"""{"queues":"*","to":"{{both.East.Address}}"}""");
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.CameAsync("1");
        await both.East.Http.DeleteAsync("v1.0/a/q/1", Token);
        await PutAsync(both.West, "q/2?ttl=0", "x");

        await TwoDeployments.UntilAsync(
            async () => (await TwoDeployments.IdsAsync(both.East)) is ["2"],
            async () => string.Join(',', await TwoDeployments.IdsAsync(both.East)));

        await PutAsync(both.East, "q/3?ttl=0", "x");
        await both.CameAsync("1", "2", "3");
        (await TwoDeployments.IdsAsync(both.East)).ShouldBe(["2", "3"]);
    }

    [Fact]
    public async Task A_full_outbox_refuses_puts_or_gives_up_and_begins_anew()
    {
        var away = new Uri("http://127.0.0.1:9/");
        await using var both = await TwoDeployments.StartAsync();
        await TwoDeployments.PutAsync(both.East, "relays/a/r", $$"""{"queues":"q","to":"{{away}}","maxOutbox":2,"onFull":"refuse"}""");
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await PutAsync(both.East, "q/2?ttl=0", "x");
        (await PutAsync(both.East, "q/3?ttl=0", "x")).ShouldBe(HttpStatusCode.InsufficientStorage);
        // What replaces a message is not sent.
        (await PutAsync(both.East, "q/2?ttl=0", "y")).ShouldBe(HttpStatusCode.OK);
        (await PutAsync(both.East, "other/1?ttl=0", "x")).ShouldBe(HttpStatusCode.Created);
        await TwoDeployments.UntilAsync(
            async () => (await TwoDeployments.GetAsync(both.East, "relays/a/r")).GetProperty("links") is var links
                && links.GetArrayLength() > 0 && links[0].GetProperty("messages").GetInt64() == 2,
            async () => $"{await TwoDeployments.GetAsync(both.East, "relays/a/r")}");

        await both.East.Http.DeleteAsync("relays/a/r", Token);
        await both.RelayAsync("q", ",\"maxOutbox\":1");
        await both.CameAsync("1", "2");
        for (var i = 3; i < 40; i++)
            (await PutAsync(both.East, $"q/{i}?ttl=0", "x")).ShouldBe(HttpStatusCode.Created);

        // All stand here, so all come, whatever the outbox had no room for.
        await TwoDeployments.UntilAsync(
            async () =>
            {
                await both.East.Services.GetRequiredService<QueueEngine>().SweepAsync(TimeSpan.FromSeconds(5), Token);
                return (await TwoDeployments.IdsAsync(both.West)).Length == 39;
            },
            async () => $"{await TwoDeployments.GetAsync(both.East, "relays/a/r")}");
        (await TwoDeployments.IdsAsync(both.West)).ShouldBe(Enumerable.Range(1, 39).Select(i => $"{i}"));
    }

    [Fact]
    public async Task A_late_batch_of_a_deleted_relay_is_refused_once_the_relay_is_put_anew()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.CameAsync("1");
        var producer = await both.ProducerAsync();
        var epoch = (await TwoDeployments.GetAsync(both.West, $"producers/a/q/{producer}")).GetProperty("epoch").GetInt64();
        await both.East.Http.DeleteAsync("relays/a/r", Token);
        await both.RelayAsync();
        await PutAsync(both.East, "q/2?ttl=0", "x");
        await both.CameAsync("1", "2");

        // The lease under which it was sent is a later one, of which this side has heard nothing before.
        var late = await TwoDeployments.SendAsync(
            both.West,
            HttpMethod.Post,
            $"batch/a/q?producer={producer}&epoch={epoch + 1000}",
            $$"""[{"id":"late","number":{{long.MaxValue}},"inserted":"2026-01-01T00:00:00Z","via":["other"],"body":"x"}]""",
            type: "application/json");

        late.Json[0].GetProperty("status").GetInt32().ShouldBe(409);
        (await TwoDeployments.GetAsync(both.West, $"producers/a/q/{producer}")).GetProperty("epoch").GetInt64()
            .ShouldBeGreaterThan(epoch + 1000);
    }

    [Fact]
    public async Task A_deleted_relay_sends_nothing_more_and_one_that_would_take_a_queue_over_is_refused()
    {
        await using var both = await TwoDeployments.StartAsync();
        await TwoDeployments.PutAsync(both.East, "relays/a/r", """{"queues":"*","to":"http://127.0.0.1:9"}""");
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.StateAsync("failing", "does not answer");

        var over = await TwoDeployments.PutAsync(both.East, "relays/a/other", $$"""{"queues":"q","to":"{{both.West.Address}}"}""");

        over.Status.ShouldBe(HttpStatusCode.Conflict);
        over.Json.GetProperty("detail").GetString()!.ShouldContain("The relay 'r' has messages of the queue 'q' to send");
        (await TwoDeployments.SendAsync(both.East, HttpMethod.Delete, "relays/a/r")).Json.GetProperty("name").GetString().ShouldBe("r");
        (await TwoDeployments.SendAsync(both.East, HttpMethod.Delete, "relays/a/r")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await TwoDeployments.PutAsync(both.East, "relays/a/other", $$"""{"queues":"q","to":"{{both.West.Address}}"}""")).Status
            .ShouldBe(HttpStatusCode.Created);
        await both.CameAsync("1");
        (await TwoDeployments.PutAsync(both.East, "relays/a/twin", $$"""{"queues":"q","to":"{{both.West.Address}}"}""")).Status
            .ShouldBe(HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("{}", "queues")]
    [InlineData("""{"queues":"q"}""", "to")]
    [InlineData("""{"queues":"q","to":"b"}""", "to")]
    [InlineData("""{"queues":"q","to":"http://example.com"}""", "to")]
    [InlineData("""{"queues":"q","to":"https://example.com"}""", "to")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1/x"}""", "to")]
    [InlineData("""{"queues":"q","to":"http://u:p@127.0.0.1"}""", "to")]
    [InlineData("""{"queues":"q","to":"ftp://127.0.0.1"}""", "to")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","mode":"move"}""", "mode")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","maxOutbox":0}""", "maxOutbox")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","onFull":"x"}""", "onFull")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","key":"a b"}""", "key")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","key":""}""", "key")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","account":""}""", "account")]
    [InlineData("""{"queues":"q","to":"http://127.0.0.1","ttl":1}""", "body")]
    [InlineData("[]", "body")]
    public async Task A_bad_relay_is_refused_by_name(string body, string parameter)
    {
        await using var both = await TwoDeployments.StartAsync();

        var (status, json) = await TwoDeployments.PutAsync(both.East, "relays/a/r", body);

        status.ShouldBe(HttpStatusCode.BadRequest);
        json.GetProperty("errors").TryGetProperty(parameter, out _).ShouldBeTrue(json.ToString());
        (await TwoDeployments.SendAsync(both.East, HttpMethod.Get, "relays/a")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Relays_are_for_who_manages_the_queues_and_not_where_the_operator_allows_no_host()
    {
        await using var server = await AccessServer.StartAsync();
        var manager = (await server.SendAsync(server.Admin, "PUT", "/keys/a/m", Manager)).Json.GetProperty("key").GetString();
        const string Relay = """{"queues":"*","to":"https://b.example.org"}""";

        (await server.SendAsync(manager, "PUT", "/relays/a/r", Relay)).ShouldBeAProblem(501);

        await using var allowed = await AccessServer.StartAsync(
            configure: options => options.Relays.AllowedHosts = "b.example.org,*.internal.example.org");
        manager = await KeyAsync("m", Manager);
        var some = await KeyAsync("some", """{"queues":"x*","allow":["manage"]}""");
        var reader = await KeyAsync("reader", """{"queues":"*","allow":["read","send","relay"]}""");
        (await allowed.SendAsync(reader, "PUT", "/relays/a/r", Relay)).ShouldBeAProblem(403);
        (await allowed.SendAsync(some, "PUT", "/relays/a/r", Relay)).ShouldBeAProblem(403);
        (await allowed.SendAsync(manager, "PUT", "/relays/other/r", Relay)).ShouldBeAProblem(404);
        (await allowed.SendAsync(manager, "PUT", "/relays/a/r", Relay)).Status.ShouldBe(201);
        (await allowed.SendAsync(manager, "PUT", "/relays/a/r", Relay.Replace("b.", "c.", StringComparison.Ordinal))).ShouldBeAProblem(400);
        (await allowed.SendAsync(manager, "PUT", "/relays/a/r", Relay.Replace("https", "http", StringComparison.Ordinal)))
            .ShouldBeAProblem(400);
        (await allowed.SendAsync(manager, "PUT", "/relays/a/r", """{"queues":"*","to":"http://127.0.0.1:7071"}""")).ShouldBeAProblem(400);
        (await allowed.SendAsync(some, "GET", "/relays/a")).ShouldBeAProblem(404);
        (await allowed.SendAsync(some, "GET", "/relays/a/r/missing")).ShouldBeAProblem(404);
        (await allowed.SendAsync(some, "DELETE", "/relays/a/r")).ShouldBeAProblem(404);
        (await allowed.SendAsync(manager, "GET", "/relays/a/r")).Json.GetProperty("to").GetString().ShouldBe("https://b.example.org");

        async Task<string> KeyAsync(string name, string spec) =>
            (await allowed.SendAsync(allowed.Admin, "PUT", $"/keys/a/{name}", spec)).Json.GetProperty("key").GetString()!;
    }

    [Fact]
    public async Task A_relay_goes_on_in_a_new_process_where_the_old_one_was_stopped()
    {
        var east = new MemoryTableStore();
        await using (var first = await LocalServer.StartAsync(east))
        {
            await TwoDeployments.PutAsync(first, "relays/a/r", """{"queues":"*","to":"http://127.0.0.1:9"}""");
            await PutAsync(first, "q/1?ttl=0", "x");
            await PutAsync(first, "q/2?ttl=0", "x");
        }

        await using var both = await TwoDeployments.StartAsync(east);
        // The other side has moved: that makes the relay another one.
        await both.RelayAsync();
        await both.CameAsync("1", "2");
    }

    private static async Task<HttpStatusCode> PutAsync(LocalServer server, string target, string body)
    {
        using var content = new StringContent(body);
        return (await server.Http.PutAsync($"v1.0/a/{target}", content, Token)).StatusCode;
    }
}

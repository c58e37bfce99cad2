using System.Net;
using System.Text.Json;
using Burrow.Queues;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Relays;

/// <summary>What becomes of messages follows them to another deployment (docs/datacentres.md).</summary>
public sealed class MirrorTests
{
    private const string Mirror = ",\"mode\":\"mirror\"";
    private const string WrongKey = Mirror + ",\"key\":\"brw_none_0123456789\"";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Removals_replacements_deaths_redrives_and_new_times_to_live_follow()
    {
        await using var both = await TwoDeployments.StartAsync();
        foreach (var id in (string[])["standing", "deleted", "taken"])
            await PutAsync(both.East, $"q/{id}?ttl=0&priority={(id == "taken" ? 9 : 4)}", id);
        await KillAsync(both.East, "old", "long ago");
        (await both.RelayAsync(more: Mirror)).Json.GetProperty("mode").GetString().ShouldBe("mirror");
        await SameAsync(both);
        foreach (var id in (string[])["replaced", "extended", "redriven", "purged", "large", "ingroup1", "ingroup2"])
            await PutAsync(both.East, $"q/{id}?ttl=0{(id.StartsWith('i') ? "&group=g" : "")}", id);
        await SameAsync(both);

        await both.East.Http.DeleteAsync("v1.0/a/q/deleted", Token);
        var taken = await TwoDeployments.SendAsync(both.East, HttpMethod.Delete, "v1.0/a/q?limit=1&detail=id");
        taken.Json.ToString().ShouldBe("""["taken"]""");
        await PutAsync(both.East, "q/replaced?ttl=0", "another body");
        await PutAsync(both.East, "q/large?ttl=0", new string('é', 100_000));
        await TwoDeployments.SendAsync(both.East, HttpMethod.Post, "v1.0/a/q/extended?ttl=5000");
        await KillAsync(both.East, "redriven", "once");
        await KillAsync(both.East, "purged", "twice");
        await KillAsync(both.East, "ingroup1", "of a group");
        await SameAsync(both);
        (await DeadAsync(both.West)).ShouldContain("of a group");

        await TwoDeployments.SendAsync(both.East, HttpMethod.Post, "dead/a/q/redriven");
        await TwoDeployments.SendAsync(both.East, HttpMethod.Delete, "dead/a/q/purged");
        await PutAsync(both.East, "q/large?ttl=0", "small again");
        await SameAsync(both);
        var there = await AllAsync(both.West);
        there.ShouldContain("another body");
        there.ShouldContain("small again");
        there.ShouldNotContain("purged");
        (await TwoDeployments.GetAsync(both.East, "relays/a/r/missing")).GetArrayLength().ShouldBe(0);
        (await both.StateAsync("active")).GetProperty("links")[0].GetProperty("messages").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task Hides_and_claims_stay_here()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync(more: Mirror);
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await both.CameAsync("1");

        var claimed = await TwoDeployments.SendAsync(both.East, HttpMethod.Post, "v1.0/a/q?limit=1&hide=100&detail=id");
        claimed.Json.GetArrayLength().ShouldBe(1);

        (await TwoDeployments.GetAsync(both.East, "relays/a/r")).GetProperty("links")[0].GetProperty("messages").GetInt64().ShouldBe(0);
        (await TwoDeployments.SendAsync(both.West, HttpMethod.Get, "v1.0/a/q?detail=id")).Json.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task What_is_consumed_before_it_is_sent_is_not_sent_and_missing_names_what_differs()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync(more: Mirror);
        await PutAsync(both.East, "q/kept?ttl=0", "x");
        await PutAsync(both.East, "q/removed?ttl=0", "x");
        await PutAsync(both.East, "q/changed?ttl=0", "x");
        await both.CameAsync("kept", "removed", "changed");
        var producer = await both.ProducerAsync();
        await TwoDeployments.PutAsync(both.West, $"producers/a/q/{producer}", TwoDeployments.Fence);

        await PutAsync(both.East, "q/consumed?ttl=0", "x");
        await both.StateAsync("failing", "Fenced");
        await PutAsync(both.East, "q/new?ttl=0", "x");
        await both.East.Http.DeleteAsync("v1.0/a/q/consumed", Token);
        await both.East.Http.DeleteAsync("v1.0/a/q/removed", Token);
        await PutAsync(both.East, "q/changed?ttl=0", "y");

        var missing = (await TwoDeployments.GetAsync(both.East, "relays/a/r/missing")).EnumerateArray()
            .Select(one => $"{one.GetProperty("id")} {one.GetProperty("change")}").Order();
        missing.ShouldBe(["changed changed", "new put", "removed changed"]);
        (await TwoDeployments.IdsAsync(both.West)).ShouldBe(["kept", "removed", "changed"]);
        await both.RelayAsync(more: Mirror);
        await both.CameAsync("kept", "changed", "new");
        await SameAsync(both);
    }

    [Fact]
    public async Task An_id_that_is_put_anew_follows_its_removal()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync(more: Mirror);
        await PutAsync(both.East, "q/1?ttl=0", "first");
        await PutAsync(both.East, "q/2?ttl=0", "x");
        await both.CameAsync("1", "2");

        for (var i = 0; i < 10; i++)
        {
            await both.East.Http.DeleteAsync("v1.0/a/q/1", Token);
            await PutAsync(both.East, "q/1?ttl=0", $"body {i}");
        }

        await SameAsync(both);
        await both.CameAsync("2", "1");
    }

    [Fact]
    public async Task A_change_that_is_too_large_there_holds_up_no_other_one()
    {
        await using var both = await TwoDeployments.StartAsync(configureWest: west => west.MaxBodyBytes = 1000);
        await both.RelayAsync(more: Mirror);
        foreach (var id in (string[])["1", "2", "3"])
            await PutAsync(both.East, $"q/{id}?ttl=0", "x");
        await both.CameAsync("1", "2", "3");

        await PutAsync(both.East, "q/1?ttl=0", new string('y', 2000));
        await PutAsync(both.East, "q/2?ttl=0", "another");
        await both.East.Http.DeleteAsync("v1.0/a/q/3", Token);
        await PutAsync(both.East, "q/4?ttl=0", "x");

        await both.CameAsync("1", "2", "4");
        await both.StateAsync("failing", "the message '1'");
        (await AllAsync(both.West)).ShouldContain("another");
        (await TwoDeployments.GetAsync(both.East, "relays/a/r/missing")).ToString()
            .ShouldBe("""[{"queue":"q","id":"1","change":"changed"}]""");
        await PutAsync(both.East, "q/1?ttl=0", "small again");
        await both.RelayAsync(more: Mirror);
        await SameAsync(both);
        await both.StateAsync("active");
    }

    [Fact]
    public async Task Where_there_is_no_room_only_what_grows_waits()
    {
        await using var both = await TwoDeployments.StartAsync(configureWest: west => west.Quotas.Bytes = 1000);
        await both.RelayAsync(more: Mirror);
        foreach (var id in (string[])["1", "2", "3", "4"])
            await PutAsync(both.East, $"q/{id}?ttl=0", new string('x', 200));
        await both.CameAsync("1", "2", "3", "4");

        await PutAsync(both.East, "q/1?ttl=0", new string('y', 600));
        await both.StateAsync("failing", "507");
        await PutAsync(both.East, "q/2?ttl=0", "less");
        await both.East.Http.DeleteAsync("v1.0/a/q/3", Token);
        await both.CameAsync("1", "2", "4");
        await SameAsync(both);
    }

    [Fact]
    public async Task A_relay_that_is_put_anew_removes_there_what_is_not_here()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync(more: Mirror);
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await PutAsync(both.East, "q/2?ttl=0", "x");
        await both.CameAsync("1", "2");
        await PutAsync(both.West, "q/own?ttl=0", "x");
        await both.East.Http.DeleteAsync("relays/a/r", Token);
        await both.East.Http.DeleteAsync("v1.0/a/q/1", Token);
        await PutAsync(both.East, "q/3?ttl=0", "x");

        await both.RelayAsync(more: Mirror);

        // What was put there, and did not come, stays.
        await both.CameAsync("2", "own", "3");
    }

    [Fact]
    public async Task A_relay_that_copied_may_become_a_mirror_and_a_mirror_may_copy()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync();
        await PutAsync(both.East, "q/1?ttl=0", "x");
        await PutAsync(both.East, "q/2?ttl=0", "x");
        await both.CameAsync("1", "2");
        await both.East.Http.DeleteAsync("v1.0/a/q/1", Token);
        await both.RelayAsync(more: Mirror);
        await both.CameAsync("2");
        await PutAsync(both.East, "q/3?ttl=0", "x");
        await both.CameAsync("2", "3");

        (await both.RelayAsync()).Json.GetProperty("mode").GetString().ShouldBe("copy");
        await PutAsync(both.East, "q/4?ttl=0", "x");
        await both.CameAsync("2", "3", "4");
        await both.East.Http.DeleteAsync("v1.0/a/q/3", Token);
        await PutAsync(both.East, "q/5?ttl=0", "x");
        await both.CameAsync("2", "3", "4", "5");
    }

    [Fact]
    public async Task Mirrors_that_face_each_other_send_nothing_back()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync(more: Mirror);
        await TwoDeployments.PutAsync(both.West, "relays/a/back", $$"""{"queues":"*","to":"{{both.East.Address}}"{{Mirror}}}""");
        await PutAsync(both.East, "q/east?ttl=0", "x");
        await both.CameAsync("east");
        await PutAsync(both.West, "q/west?ttl=0", "x");
        await both.CameAsync("east", "west");
        await SameAsync(both);

        // What a side does with what came to it stays there.
        await both.East.Http.DeleteAsync("v1.0/a/q/west", Token);
        await both.East.Http.DeleteAsync("v1.0/a/q/east", Token);

        await both.CameAsync("west");
        await PutAsync(both.West, "q/last?ttl=0", "x");
        await TwoDeployments.UntilAsync(
            async () => (await TwoDeployments.IdsAsync(both.East)) is ["last"],
            async () => string.Join(',', await TwoDeployments.IdsAsync(both.East)));
        await both.CameAsync("west", "last");
    }

    [Fact]
    public async Task The_number_of_a_message_that_was_consumed_goes_along()
    {
        await using var both = await TwoDeployments.StartAsync();
        await both.RelayAsync(more: WrongKey);
        await PutAsync(both.East, "q/1?ttl=0&producer=p&number=1", "x");
        await PutAsync(both.East, "q/2?ttl=0&producer=p&number=2", "x");
        await both.East.Http.DeleteAsync("v1.0/a/q/2", Token);
        await both.RelayAsync(more: Mirror);
        await both.CameAsync("1");

        await TwoDeployments.UntilAsync(
            async () => (await TwoDeployments.GetAsync(both.West, "producers/a/q/p")) is { ValueKind: JsonValueKind.Object } p
                && p.GetProperty("last").GetInt64() == 2,
            async () => $"{await TwoDeployments.GetAsync(both.West, "producers/a/q")}");

        // The producer, whose answer was lost, goes on at the other side: it was consumed here.
        (await PutAsync(both.West, "q/2?ttl=0&producer=p&number=2", "x")).ShouldBe(HttpStatusCode.OK);
        await both.CameAsync("1");
    }

    [Fact]
    public async Task Messages_that_die_by_time_die_there_too()
    {
        var time = new TestTime();
        time.SetUtcNow(DateTimeOffset.UtcNow);
        await using var both = await TwoDeployments.StartAsync(eastTime: time);
        await TwoDeployments.PutAsync(both.East, "policies/a/p", """{"queues":"q","maxDeliveries":1}""");
        await PutAsync(both.East, "q/1?ttl=0", "x");
        var claimed = await TwoDeployments.SendAsync(both.East, HttpMethod.Post, "v1.0/a/q?limit=1&hide=60&detail=id");
        claimed.Json.GetArrayLength().ShouldBe(1);
        await both.RelayAsync(more: Mirror);
        await both.CameAsync("1");
        (await DeadAsync(both.West)).ShouldNotContain("died");

        await TwoDeployments.UntilAsync(
            async () =>
            {
                time.Advance(TimeSpan.FromSeconds(30));
                await both.East.Services.GetRequiredService<QueueEngine>().SweepAsync(TimeSpan.FromSeconds(5), Token);
                return (await DeadAsync(both.West)).Contains("died", StringComparison.Ordinal);
            },
            async () => $"{await DeadAsync(both.East)} {await TwoDeployments.GetAsync(both.East, "relays/a")}");

        (await TwoDeployments.IdsAsync(both.West)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"op":"mirror","number":1}""", "id is needed")]
    [InlineData("""{"op":"mirror","id":"1"}""", "number is needed")]
    [InlineData("""{"op":"mirror","id":"1","number":1,"ttl":5}""", "ttl does not go with the op mirror")]
    [InlineData("""{"op":"mirror","id":"1","number":1,"gone":1}""", "gone is true or false")]
    [InlineData("""{"op":"mirror","id":"1","number":1,"died":"yesterday"}""", "died is an instant")]
    [InlineData("""{"op":"mirror","id":"1","number":1,"causes":[{"delivery":1}]}""", "A cause has at")]
    [InlineData("""{"op":"mirror","id":"1","number":1,"causes":[1,2,3,4,5,6,7,8,9]}""", "at most 8")]
    [InlineData("""{"op":"put","id":"1","number":1,"died":"2030-01-01T00:00:00Z"}""", "died is for mirror")]
    [InlineData("""{"op":"erase","id":"1"}""", "op is put, update, delete or mirror")]
    public async Task A_bad_item_of_a_mirror_is_refused_by_name(string item, string error)
    {
        await using var server = await LocalServer.StartAsync(new Burrow.Tables.Memory.MemoryTableStore());

        var answer = await TwoDeployments.SendAsync(
            server, HttpMethod.Post, "batch/a/q?producer=p&epoch=1", $"[{item}]", type: "application/json");

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Json[0].GetProperty("status").GetInt32().ShouldBe(400);
        answer.Json[0].GetProperty("error").GetString()!.ShouldContain(error);
    }

    [Fact]
    public async Task A_change_is_made_only_to_what_came_from_that_producer_under_that_number_and_epoch()
    {
        await using var server = await LocalServer.StartAsync(new Burrow.Tables.Memory.MemoryTableStore());
        const string rest = "\"inserted\":\"2026-01-01T00:00:00Z\",\"via\":[\"other\"],\"body\":\"x\"";
        await BatchAsync("?producer=p&epoch=3", "{\"id\":\"1\",\"number\":7," + rest + "}", 201);
        await PutAsync(server, "q/own?ttl=0", "x");
        const string gone = "{\"op\":\"mirror\",\"id\":\"1\",\"number\":7,\"gone\":true}";

        await BatchAsync("?producer=other&epoch=3", gone, 200);
        await BatchAsync("?producer=p&epoch=3", gone.Replace("7", "8", StringComparison.Ordinal), 200);
        await BatchAsync("?producer=p&epoch=3", gone.Replace("\"1\"", "\"own\"", StringComparison.Ordinal), 200);
        await BatchAsync("?producer=p&epoch=2", gone, 409);
        await BatchAsync("", gone, 400);
        (await TwoDeployments.IdsAsync(server)).ShouldBe(["1", "own"]);
        (await TwoDeployments.GetAsync(server, "producers/a/q/p/messages")).ToString()
            .ShouldBe("""{"messages":[{"id":"1","number":7}]}""");
        (await TwoDeployments.GetAsync(server, "producers/a/q/p/messages?marker=1")).ToString().ShouldBe("""{"messages":[]}""");

        await BatchAsync("?producer=p&epoch=4", gone, 200);
        (await TwoDeployments.IdsAsync(server)).ShouldBe(["own"]);
        // A later batch was carried out, so one of before is refused.
        await BatchAsync("?producer=p&epoch=3", gone, 409);

        async Task BatchAsync(string query, string item, int status) => (await TwoDeployments.SendAsync(
            server, HttpMethod.Post, $"batch/a/q{query}", $"[{item}]", type: "application/json"))
            .Json[0].GetProperty("status").GetInt32().ShouldBe(status, item);
    }

    private static async Task<HttpStatusCode> PutAsync(LocalServer server, string path, string body) =>
        (await TwoDeployments.PutAsync(server, $"v1.0/a/{path}", body)).Status;

    private static async Task KillAsync(LocalServer server, string id, string cause)
    {
        using var put = await server.Http.PutAsync($"v1.0/a/q/{id}?ttl=0", new StringContent(id), Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v1.0/a/q/{id}?outcome=dead&cause={Uri.EscapeDataString(cause)}");
        request.Headers.IfMatch.Add(put.Headers.ETag!);
        using var answer = await server.Http.SendAsync(request, Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Waits until both sides hold the same, live and dead.</summary>
    private static Task SameAsync(TwoDeployments both) => TwoDeployments.UntilAsync(
        async () => await AllAsync(both.East) == await AllAsync(both.West),
        async () => $"{await AllAsync(both.East)}\n{await AllAsync(both.West)}\n{await TwoDeployments.GetAsync(both.East, "relays/a")}");

    /// <summary>All that a queue holds, without what a mirror leaves behind.</summary>
    private static async Task<string> AllAsync(LocalServer server)
    {
        var text = new List<string>();
        foreach (var path in (string[])["v1.0/a/q?detail=full&match_hidden=true", "dead/a/q?detail=full"])
        {
            var json = await TwoDeployments.GetAsync(server, path);
            if (json.ValueKind != JsonValueKind.Array)
                continue;
            text.AddRange(json.EnumerateArray().Select(message => string.Join(',', message.EnumerateObject()
                .Where(member => member.Name is not ("etag" or "hide" or "deliveries"))
                .Select(member => member.Name == "ttl" ? $"ttl {(member.Value.GetInt64() + 30) / 60}" : $"{member.Name} {member.Value}"))));
        }

        return string.Join('\n', text);
    }

    private static async Task<string> DeadAsync(LocalServer server) => $"{await TwoDeployments.GetAsync(server, "dead/a/q?detail=full")}";
}

using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>How messages die, and what becomes of them then (docs/reference/api.md, "Dead letters").</summary>
public abstract class DeadLetterTests(ServerFixture server) : ProtocolTests(server)
{
    private string Dead => $"/dead/{Account}/q";

    private string Message => $"{Queue}/m";

    [Fact]
    public async Task It_dies_by_failed_after_exactly_maxDeliveries_with_its_causes()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":3,"deadTtl":3600}""");
        await PutAsync($"{Message}?ttl=0", "body", ("Content-Type", "text/plain"));
        for (var delivery = 1; delivery <= 3; delivery++)
        {
            (await GetAsync(Dead)).Status.ShouldBe(404);
            var receipt = await ClaimAsync();
            (await PostAsync($"{Message}?outcome=failed&cause={delivery}", ("If-Match", receipt))).Status.ShouldBe(200);
        }

        (await PostAsync($"{Queue}?limit=1&hide=60")).Status.ShouldBe(404);
        var dead = (await GetAsync(Dead)).Json.EnumerateArray().ShouldHaveSingleItem();
        dead.GetProperty("id").GetString().ShouldBe("m");
        dead.GetProperty("body").GetString().ShouldBe("body");
        dead.GetProperty("contentType").GetString().ShouldBe("text/plain");
        dead.GetProperty("deliveries").GetInt64().ShouldBe(3);
        dead.GetProperty("ttl").GetInt64().ShouldBe(3600);
        dead.GetProperty("hide").GetInt64().ShouldBe(0);
        dead.GetProperty("died").GetDateTimeOffset().ShouldBe(Time.GetUtcNow(), TimeSpan.FromSeconds(1));
        dead.GetProperty("causes").EnumerateArray().Select(cause => cause.GetProperty("cause").GetString()).ShouldBe(["1", "2", "3"]);
    }

    [Fact]
    public async Task It_dies_when_the_hide_of_its_last_delivery_ends_at_that_instant()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":2}""");
        await PutAsync($"{Message}?ttl=0");
        await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(60));
        await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(59));
        (await GetAsync(Message)).Status.ShouldBe(200);

        Time.Advance(TimeSpan.FromSeconds(1));

        (await GetAsync(Message)).Status.ShouldBe(404);
        (await IdsAsync(Queue)).ShouldBeEmpty();
        (await PostAsync($"{Queue}?limit=1&hide=60")).Status.ShouldBe(404);
        var dead = (await GetAsync($"{Dead}/m")).Json;
        dead.GetProperty("deliveries").GetInt64().ShouldBe(2);
        dead.GetProperty("died").GetDateTimeOffset().ShouldBe(Time.GetUtcNow(), TimeSpan.FromSeconds(1));
        dead.GetProperty("causes").GetArrayLength().ShouldBe(0);
        dead.GetProperty("ttl").GetInt64().ShouldBeInRange(14 * 24 * 3600 - 1, 14 * 24 * 3600);
        // The account's queue holds a dead message, so it exists.
        (await GetAsync($"/v1.0/{Account}")).Strings.ShouldBe(["q"]);
    }

    [Fact]
    public async Task What_died_by_time_is_listed_some_seconds_later_where_anybody_claims()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAsync($"{Message}?ttl=0");
        await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(60 + 10));

        (await PostAsync($"{Queue}?limit=1&hide=60")).Status.ShouldBe(404);

        RawAnswer list;
        for (var tries = 0; (list = await GetAsync($"{Dead}?detail=id")).Status == 404; tries++)
            tries.ShouldBeLessThan(10_000);
        list.Strings.ShouldBe(["m"]);
        (await GetAsync($"/dead/{Account}")).Strings.ShouldBe(["q"]);
    }

    [Theory]
    [InlineData("{queue}/m?hide=0")]
    [InlineData("{queue}?hide=0&match_hidden=true")]
    public async Task A_POST_that_ends_the_hide_of_the_last_delivery_kills(string target)
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAsync($"{Message}?ttl=0");
        await ClaimAsync();

        (await PostAsync(target.Replace("{queue}", Queue))).Status.ShouldBe(200);

        (await GetAsync(Message)).Status.ShouldBe(404);
        (await GetAsync($"{Dead}?detail=id")).Strings.ShouldBe(["m"]);
    }

    [Fact]
    public async Task Released_gives_the_last_delivery_back_and_an_extension_moves_the_death()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAsync($"{Message}?ttl=0");

        (await PostAsync($"{Message}?outcome=released", ("If-Match", await ClaimAsync()))).Status.ShouldBe(200);
        var receipt = await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(30));
        (await PostAsync($"{Message}?hide=60", ("If-Match", receipt))).Status.ShouldBe(200);
        Time.Advance(TimeSpan.FromSeconds(59));

        (await GetAsync(Message)).Status.ShouldBe(200);
        Time.Advance(TimeSpan.FromSeconds(1));
        (await GetAsync(Message)).Status.ShouldBe(404);
        (await GetAsync($"{Dead}/m")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Where_its_ttl_ends_first_or_at_once_it_expires()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAsync($"{Queue}/first?ttl=59");
        await PutAsync($"{Queue}/longer?ttl=59");
        (await PostAsync($"{Queue}?limit=2&hide=60")).Status.ShouldBe(200);
        // The hide of its last delivery is what it dies by, once its ttl is longer.
        (await PostAsync($"{Queue}/longer?ttl=600")).Status.ShouldBe(200);
        (await GetAsync($"{Queue}/longer?detail=attributes")).Json.GetProperty("ttl").GetInt64().ShouldBe(600);

        Time.Advance(TimeSpan.FromSeconds(60));

        (await GetAsync($"{Dead}/first")).Status.ShouldBe(404);
        (await GetAsync($"{Dead}/longer")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_bound_in_force_at_a_claim_holds_for_that_delivery()
    {
        await PutAsync($"{Message}?ttl=0");
        for (var i = 0; i < 3; i++)
            (await PostAsync($"{Message}?outcome=failed", ("If-Match", await ClaimAsync()))).Status.ShouldBe(200);
        var receipt = await ClaimAsync();

        await PolicyAsync("""{"queues":"q","maxDeliveries":2}""");

        (await PostAsync($"{Message}?outcome=failed", ("If-Match", receipt))).Status.ShouldBe(200);
        (await GetAsync(Message)).Status.ShouldBe(200);
        (await PostAsync($"{Message}?outcome=failed", ("If-Match", await ClaimAsync()))).Status.ShouldBe(200);
        (await GetAsync(Message)).Status.ShouldBe(404);
        (await GetAsync($"{Dead}/m")).Json.GetProperty("deliveries").GetInt64().ShouldBe(5);
    }

    [Fact]
    public async Task Redriven_it_has_its_id_and_place_and_neither_deliveries_nor_causes()
    {
        await PutAllAsync(Queue, "a", "m", "z");
        var cursor = (await GetAsync($"{Queue}?limit=2")).Marker;
        await KillAsync("m");

        (await PostAsync($"{Dead}/m")).ShouldBeEmpty(200);

        (await IdsAsync(Queue)).ShouldBe(["a", "m", "z"]);
        var message = (await GetAsync($"{Message}?detail=full")).Json;
        message.GetProperty("deliveries").GetInt64().ShouldBe(0);
        message.TryGetProperty("causes", out _).ShouldBeFalse();
        message.TryGetProperty("died", out _).ShouldBeFalse();
        message.GetProperty("ttl").GetInt64().ShouldBe(600);
        message.GetProperty("body").GetString().ShouldBe("m");
        (await GetAsync($"{Queue}?detail=id&after={cursor}")).Strings.ShouldBe(["z"]);
        (await PostAsync($"{Dead}/m")).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task A_redrive_takes_ttl_and_hide_and_shows_what_is_asked_for()
    {
        await PolicyAsync("""{"queues":"q","ttl":100}""");
        await PutAllAsync(Queue, "a", "b", "c");
        await KillAsync("a", "b", "c");

        (await PostAsync($"{Dead}/a?ttl=7&hide=5&detail=attributes")).ShouldBeJson("""{"id":"a","ttl":7,"hide":5}""");
        (await PostAsync($"{Dead}/b?detail=attributes")).ShouldBeJson("""{"id":"b","ttl":100,"hide":0}""");
        (await PostAsync($"{Dead}?ttl=0&detail=attributes")).ShouldBeJson("""[{"id":"c","ttl":0,"hide":0}]""");
    }

    [Fact]
    public async Task A_redrive_wakes_who_waits()
    {
        await PutAllAsync(Queue, "m");
        await KillAsync("m");
        await using var worker = await ConnectAsync();
        var claim = worker.SendAsync("POST", $"{Queue}?limit=1&hide=60&detail=id&wait=20");

        (await PostAsync(Dead)).Status.ShouldBe(200);

        (await claim).Strings.ShouldBe(["m"]);
    }

    [Fact]
    public async Task Lists_redrives_and_purges_take_limits_markers_and_cursors()
    {
        string[] ids = ["a", "b", "c", "d", "e", "f"];
        await PutAllAsync(Queue, ids);
        await KillAsync("f", "e", "d", "c", "b", "a");

        (await GetAsync($"{Dead}?detail=id")).Strings.ShouldBe(ids);
        (await GetAsync($"{Dead}?detail=id&limit=2")).Strings.ShouldBe(["a", "b"]);
        (await GetAsync($"{Dead}?detail=id&marker=d")).Strings.ShouldBe(["e", "f"]);
        (await GetAsync($"{Dead}?detail=id&marker=unknown")).Strings.ShouldBe(ids);
        var page = await GetAsync($"{Dead}?detail=id&limit=4");
        (await GetAsync($"{Dead}?detail=id&after={page.Marker}")).Strings.ShouldBe(["e", "f"]);
        (await GetAsync($"{Dead}?after={page.Marker}&marker=a")).ShouldRefuse("after");
        (await PostAsync($"{Dead}?limit=1&detail=id")).Strings.ShouldBe(["a"]);
        (await DeleteAsync($"{Dead}?marker=d&detail=id")).Strings.ShouldBe(["e", "f"]);
        (await DeleteAsync($"{Dead}/d?detail=body")).Text.ShouldBe("d");
        (await PostAsync(Dead)).ShouldBeEmpty(200);
        (await IdsAsync(Queue)).ShouldBe(["a", "b", "c"]);
        foreach (var method in (string[])["GET", "HEAD", "POST", "DELETE"])
            (await SendAsync(method, Dead)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Each_detail_shows_what_it_shows_elsewhere()
    {
        await PutAllAsync(Queue, "m");
        await KillAsync("m");
        var full = (await GetAsync($"{Dead}/m?detail=full")).Json.GetRawText();

        (await GetAsync($"{Dead}/m")).Text.ShouldBe(full);
        (await GetAsync(Dead)).Json[0].GetRawText().ShouldBe(full);
        (await GetAsync($"{Dead}?detail=none")).ShouldBeEmpty(200);
        (await GetAsync($"{Dead}?detail=body")).ShouldBeJson("""["m"]""");
        (await GetAsync($"{Dead}?detail=all")).ShouldBeJson("""[{"id":"m","ttl":1209600,"hide":0,"body":"m"}]""");
        (await GetAsync($"{Dead}/m?detail=id")).Text.ShouldBe("m");
        (await GetAsync($"{Dead}?detail=some")).ShouldRefuse("detail");
    }

    [Fact]
    public async Task Preconditions_are_for_one_message()
    {
        await PutAllAsync(Queue, "m");
        await KillAsync("m");
        var etag = (await GetAsync($"{Dead}/m")).ETag!;

        (await GetAsync($"{Dead}/m", ("If-None-Match", etag))).Status.ShouldBe(304);
        foreach (var method in (string[])["GET", "POST", "DELETE"])
        {
            (await SendAsync(method, $"{Dead}/m", null, ("If-Match", "\"other\""))).Status.ShouldBe(412);
            (await SendAsync(method, Dead, null, ("If-Match", etag))).ShouldRefuse("If-Match");
        }

        (await PostAsync($"{Dead}/m", ("If-Match", etag))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_put_of_its_id_is_a_replace_alive_again_in_the_old_place()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        foreach (var id in (string[])["a", "m", "z"])
            (await PutAsync($"{Queue}/{id}?ttl=0&priority=9", id)).Status.ShouldBe(201);
        await KillAsync("m");

        (await PutAsync(Message, "new", ("If-None-Match", "*"))).ShouldBeAProblem(412);
        (await PutAsync($"{Message}?priority=8")).ShouldBeAProblem(409);
        (await PutAsync($"{Message}?ttl=0", "new")).Status.ShouldBe(200);

        (await IdsAsync(Queue)).ShouldBe(["a", "m", "z"]);
        var message = (await GetAsync($"{Message}?detail=full")).Json;
        message.GetProperty("body").GetString().ShouldBe("new");
        message.GetProperty("deliveries").GetInt64().ShouldBe(0);
        message.GetProperty("priority").GetInt32().ShouldBe(9);
        (await GetAsync(Dead)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_put_of_what_died_by_time_is_a_replace_too()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAllAsync(Queue, "m", "z");
        await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(60));

        (await PutAsync(Message, "new", ("If-None-Match", "*"))).ShouldBeAProblem(412);
        (await PutAsync($"{Message}?ttl=0", "new")).Status.ShouldBe(200);

        (await IdsAsync(Queue)).ShouldBe(["m", "z"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_slow_worker_s_last_receipt_is_still_good(bool byTime)
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAllAsync(Queue, "done", "deleted", "failed", "plain");
        var claimed = (await PostAsync($"{Queue}?limit=4&hide=60&detail=full")).Json.EnumerateArray().ToDictionary(
            message => message.GetProperty("id").GetString()!, message => message.GetProperty("etag").GetString()!);
        if (byTime)
            Time.Advance(TimeSpan.FromSeconds(60));
        else
            await KillAsync(claimed);

        (await PostAsync($"{Queue}/failed?outcome=released", ("If-Match", claimed["failed"]))).ShouldBeAProblem(404);
        (await PostAsync($"{Queue}/failed?hide=60", ("If-Match", claimed["failed"]))).ShouldBeAProblem(404);
        (await PostAsync($"{Queue}/done?outcome=done", ("If-Match", "\"other\""))).ShouldBeAProblem(412);
        (await PostAsync($"{Queue}/failed?outcome=failed&cause=late", ("If-Match", claimed["failed"]))).Status.ShouldBe(200);
        (await PostAsync($"{Queue}/done?outcome=done", ("If-Match", claimed["done"]))).ShouldBeEmpty(200);
        (await DeleteAsync($"{Queue}/deleted", ("If-Match", claimed["deleted"]))).ShouldBeEmpty(200);
        (await DeleteAsync($"{Queue}/plain")).ShouldBeEmpty(200);

        (await GetAsync($"{Dead}?detail=id")).Strings.ShouldBe(["failed"]);
        var causes = (await GetAsync($"{Dead}/failed")).Json.GetProperty("causes").EnumerateArray();
        causes.Last().GetProperty("cause").GetString().ShouldBe("late");
    }

    [Fact]
    public async Task Requests_on_the_queue_leave_the_dead_alone_and_deleting_the_account_s_queues_does_not()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAllAsync(Queue, "m", "n");
        await KillAsync("m");
        await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(60));

        (await DeleteAsync($"{Queue}?match_hidden=true")).Status.ShouldBe(404);
        (await GetAsync($"{Dead}?detail=id")).Strings.ShouldContain("m");
        (await GetAsync($"/v1.0/{Account}")).Strings.ShouldBe(["q"]);
        (await DeleteAsync($"/v1.0/{Account}")).Status.ShouldBe(200);

        foreach (var id in (string[])["m", "n"])
            (await GetAsync($"{Dead}/{id}")).Status.ShouldBe(404);
        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
        (await GetAsync($"/policies/{Account}/policy")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_dead_message_is_kept_for_deadTtl()
    {
        await PolicyAsync("""{"queues":"q","deadTtl":30}""");
        await PutAllAsync(Queue, "m");
        await KillAsync("m");
        Time.Advance(TimeSpan.FromSeconds(29));
        (await GetAsync($"{Dead}/m")).Status.ShouldBe(200);

        Time.Advance(TimeSpan.FromSeconds(1));

        (await GetAsync($"{Dead}/m")).Status.ShouldBe(404);
        (await GetAsync(Dead)).Status.ShouldBe(404);
        (await GetAsync($"/dead/{Account}")).Status.ShouldBe(404);
        // The id is free.
        (await PutAsync(Message, "new", ("If-None-Match", "*"))).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_large_body_dies_and_comes_back_with_its_message()
    {
        var body = new string('b', 600_000);
        await PutAsync($"{Message}?ttl=0", body);
        await KillAsync("m");

        (await GetAsync($"{Dead}/m?detail=body")).Text.ShouldBe(body);
        (await PostAsync($"{Dead}/m")).Status.ShouldBe(200);

        (await GetAsync($"{Message}?detail=body")).Text.ShouldBe(body);
    }

    [Fact]
    public async Task Queues_with_dead_messages_are_listed_by_name()
    {
        foreach (var queue in (string[])["b", "a", "c", "alive"])
            await PutAsync($"/v1.0/{Account}/{queue}/m?ttl=0");
        foreach (var queue in (string[])["c", "a", "b"])
            await KillInAsync($"/v1.0/{Account}/{queue}", "m");

        (await GetAsync($"/dead/{Account}")).Strings.ShouldBe(["a", "b", "c"]);
        (await GetAsync($"/dead/{Account}?marker=a&limit=1")).Strings.ShouldBe(["b"]);
        (await GetAsync($"/dead/{Account}?detail=all")).ShouldBeJson("""[{"id":"a"},{"id":"b"},{"id":"c"}]""");
        (await GetAsync($"/dead/{Account}-other")).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task Statistics_count_the_dead_apart()
    {
        await PutAllAsync(Queue, "a", "b", "c");
        await KillAsync("a", "b");

        var statistics = (await GetAsync($"/stats/{Account}/q")).Json;

        statistics.GetProperty("dead").GetInt64().ShouldBe(2);
        statistics.GetProperty("messages").GetInt64().ShouldBe(1);
        statistics.GetProperty("visible").GetInt64().ShouldBe(1);
        (await GetAsync($"/stats/{Account}")).Json.GetProperty("dead").GetInt64().ShouldBe(2);
        await PostAsync($"{Dead}?limit=1");
        (await GetAsync($"/stats/{Account}/q")).Json.GetProperty("dead").GetInt64().ShouldBe(1);
    }

    private async Task PolicyAsync(string policy) => (await SendAsync(
        "PUT", $"/policies/{Account}/policy", Encoding.UTF8.GetBytes(policy))).Status.ShouldBeOneOf(200, 201);

    private async Task<string> ClaimAsync() =>
        (await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0].GetProperty("etag").GetString()!;

    private Task KillAsync(params string[] ids) => KillInAsync(Queue, ids);

    private async Task KillInAsync(string queue, params string[] ids)
    {
        foreach (var id in ids)
        {
            var etag = (await GetAsync($"{queue}/{id}")).ETag!;
            (await PostAsync($"{queue}/{id}?outcome=dead", ("If-Match", etag))).Status.ShouldBe(200);
        }
    }

    /// <summary>Kills claimed messages, and notes their last receipts.</summary>
    private async Task KillAsync(Dictionary<string, string> claimed)
    {
        foreach (var (id, etag) in claimed.ToList())
            claimed[id] = (await PostAsync($"{Queue}/{id}?outcome=dead", ("If-Match", etag))).ETag!;
    }
}

public sealed class MemoryDeadLetterTests(MemoryServer server) : DeadLetterTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteDeadLetterTests(SqliteServer server) : DeadLetterTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppDeadLetterTests(FunctionAppServer server) : DeadLetterTests(server);

using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>What a worker says became of a message (docs/reference/api.md, "Outcomes").</summary>
public abstract class OutcomeTests(ServerFixture server) : ProtocolTests(server)
{
    private string Message => $"{Queue}/m";

    [Fact]
    public async Task Done_deletes()
    {
        var receipt = await ClaimAsync();

        (await SettleAsync("done", receipt)).ShouldBeEmpty(200);

        (await GetAsync(Message)).Status.ShouldBe(404);
        (await SettleAsync("done", receipt)).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task Done_shows_what_was_deleted_where_that_is_asked_for()
    {
        var receipt = await ClaimAsync();

        (await SettleAsync("done&detail=all", receipt)).ShouldBeJson("""{"id":"m","ttl":0,"hide":60,"body":"m"}""");
    }

    [Fact]
    public async Task Released_is_visible_in_its_place_and_the_delivery_is_not_counted()
    {
        await PutAllAsync(Queue, "m", "n");
        var receipt = (await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0].GetProperty("etag").GetString()!;

        var answer = await SettleAsync("released&detail=full", receipt);

        answer.Json.GetProperty("deliveries").GetInt64().ShouldBe(0);
        answer.ETag.ShouldNotBe(receipt);
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m", "n"]);
    }

    [Fact]
    public async Task Released_of_a_visible_message_changes_nothing()
    {
        var receipt = (await PutAsync(Message)).ETag!;

        (await SettleAsync("released", receipt)).ETag.ShouldBe(receipt);
    }

    [Fact]
    public async Task Released_after_a_hide_by_id_gives_no_delivery_back()
    {
        await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(60));
        var hidden = (await PostAsync($"{Message}?hide=60")).ETag!;

        (await SettleAsync("released&detail=full", hidden)).Json.GetProperty("deliveries").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task An_extended_claim_is_still_a_delivery_that_released_gives_back()
    {
        await ClaimAsync();
        var extended = (await PostAsync($"{Message}?hide=90")).ETag!;

        (await SettleAsync("released&detail=full", extended)).Json.GetProperty("deliveries").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task Failed_counts_and_without_a_policy_the_message_is_visible_at_once()
    {
        var receipt = await ClaimAsync();

        var answer = await SettleAsync("failed&cause=no%20paper&detail=full", receipt);

        answer.Json.GetProperty("deliveries").GetInt64().ShouldBe(1);
        answer.Json.GetProperty("hide").GetInt64().ShouldBe(0);
        var cause = answer.Json.GetProperty("causes").EnumerateArray().ShouldHaveSingleItem();
        cause.GetProperty("cause").GetString().ShouldBe("no paper");
        cause.GetProperty("delivery").GetInt64().ShouldBe(1);
        cause.GetProperty("at").GetDateTimeOffset().ShouldBe(Time.GetUtcNow(), TimeSpan.FromSeconds(1));
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task Failed_hides_for_as_long_as_it_says()
    {
        var receipt = await ClaimAsync();

        var failed = await SettleAsync("failed&hide=600&detail=attributes", receipt);

        failed.ShouldBeJson("""{"id":"m","ttl":0,"hide":600}""");
        // That hide is a delay, and no delivery.
        (await SettleAsync("released&detail=full", failed.ETag!)).Json.GetProperty("deliveries").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Failed_of_a_visible_message_only_adds_its_cause()
    {
        var receipt = await ClaimAsync();
        Time.Advance(TimeSpan.FromSeconds(60));

        var failed = await SettleAsync("failed&hide=600&cause=too%20late&detail=full", receipt);

        failed.Json.GetProperty("hide").GetInt64().ShouldBe(0);
        failed.Json.GetProperty("deliveries").GetInt64().ShouldBe(1);
        failed.Json.GetProperty("causes")[0].GetProperty("cause").GetString().ShouldBe("too late");
    }

    [Fact]
    public async Task A_message_keeps_its_last_8_causes_and_a_replace_forgets_them()
    {
        await PutAsync($"{Message}?ttl=0");
        for (var i = 1; i <= 9; i++)
        {
            var receipt = (await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0].GetProperty("etag").GetString()!;
            (await SettleAsync($"failed&cause=%C3%A9{i}", receipt)).Status.ShouldBe(200);
        }

        var causes = (await GetAsync($"{Message}?detail=full")).Json.GetProperty("causes").EnumerateArray().ToList();
        causes.Select(cause => cause.GetProperty("cause").GetString()).ShouldBe(Enumerable.Range(2, 8).Select(i => $"é{i}"));
        causes.Select(cause => cause.GetProperty("delivery").GetInt64()).ShouldBe(Enumerable.Range(2, 8).Select(i => (long)i));
        // v1.0 sees none of it.
        (await GetAsync(Message)).ShouldBeJson("""{"id":"m","ttl":0,"hide":0,"body":"x"}""");
        await PutAsync($"{Message}?ttl=0");
        var replaced = (await GetAsync($"{Message}?detail=full")).Json;
        replaced.TryGetProperty("causes", out _).ShouldBeFalse();
        replaced.GetProperty("deliveries").GetInt64().ShouldBe(9);
    }

    [Fact]
    public async Task The_largest_cause_is_kept_and_a_larger_one_refused()
    {
        var receipt = await ClaimAsync();
        var largest = new string('é', 512);

        (await SettleAsync($"failed&cause={Uri.EscapeDataString(largest + "x")}", receipt)).ShouldRefuse("cause", "1024");
        (await SettleAsync($"failed&cause={Uri.EscapeDataString(largest)}", receipt)).Status.ShouldBe(200);

        (await GetAsync($"{Message}?detail=full")).Json.GetProperty("causes")[0].GetProperty("cause").GetString().ShouldBe(largest);
    }

    [Fact]
    public async Task Dead_is_in_no_line_any_more()
    {
        var receipt = await ClaimAsync();

        var answer = await SettleAsync("dead&cause=broken&detail=full", receipt);

        answer.Json.GetProperty("ttl").GetInt64().ShouldBe(14 * 24 * 3600);
        answer.Json.GetProperty("died").GetDateTimeOffset().ShouldBe(Time.GetUtcNow(), TimeSpan.FromSeconds(1));
        (await GetAsync(Message)).Status.ShouldBe(404);
        (await IdsAsync(Queue)).ShouldBeEmpty();
        (await GetAsync($"/dead/{Account}/q?detail=id")).ShouldBeJson("""["m"]""");
    }

    [Theory]
    [InlineData("done")]
    [InlineData("released")]
    [InlineData("failed")]
    [InlineData("dead")]
    public async Task Without_a_receipt_it_is_428_and_with_an_old_one_412(string outcome)
    {
        var put = (await PutAsync($"{Message}?ttl=0")).ETag!;
        var receipt = (await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0].GetProperty("etag").GetString()!;

        (await PostAsync($"{Message}?outcome={outcome}")).ShouldBeAProblem(428);
        (await PostAsync($"{Message}?outcome={outcome}", ("If-Match", "*"))).ShouldBeAProblem(428);
        (await SettleAsync(outcome, put)).ShouldBeAProblem(412);
        (await PostAsync($"{Queue}/other?outcome={outcome}", ("If-Match", receipt))).ShouldBeAProblem(404);

        (await GetAsync(Message)).ETag.ShouldBe(receipt);
    }

    [Theory]
    [InlineData("outcome=Done", "outcome")]
    [InlineData("outcome=", "outcome")]
    [InlineData("outcome=accepted", "outcome")]
    [InlineData("outcome=failed&ttl=5", "ttl")]
    [InlineData("outcome=done&hide=5", "hide")]
    [InlineData("outcome=released&hide=5", "hide")]
    [InlineData("outcome=dead&hide=0", "hide")]
    [InlineData("outcome=done&cause=x", "cause")]
    [InlineData("outcome=released&cause=x", "cause")]
    [InlineData("cause=x", "cause")]
    [InlineData("outcome=failed&hide=-1", "hide")]
    [InlineData("outcome=failed&cause=%FF", "cause")]
    public async Task What_does_not_go_together_is_refused(string query, string parameter)
    {
        var receipt = await ClaimAsync();

        (await PostAsync($"{Message}?{query}", ("If-Match", receipt))).ShouldRefuse(parameter);

        (await GetAsync(Message)).ETag.ShouldBe(receipt);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "")]
    [InlineData("DELETE", "")]
    [InlineData("GET", "/m")]
    [InlineData("PUT", "/m")]
    [InlineData("DELETE", "/m")]
    public async Task An_outcome_is_for_a_POST_of_one_message(string method, string path)
    {
        await PutAsync($"{Message}?ttl=0");

        (await SendAsync(method, $"{Queue}{path}?outcome=done")).ShouldRefuse("outcome");

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task Done_takes_no_body_as_the_message_was_put_without_result()
    {
        var receipt = await ClaimAsync();
        var body = Encoding.UTF8.GetBytes("42");

        (await SendAsync("POST", $"{Message}?outcome=done", body, ("If-Match", receipt))).ShouldRefuse("body", "result");
        (await SendAsync(
            "POST",
            $"{Message}?outcome=done",
            Encoding.UTF8.GetBytes("hide=5"),
            ("If-Match", receipt),
            ("Content-Type", "application/x-www-form-urlencoded"))).ShouldRefuse("body", "result");

        (await GetAsync(Message)).ETag.ShouldBe(receipt);
    }

    [Fact]
    public async Task A_form_may_hold_an_outcome_but_done()
    {
        var receipt = await ClaimAsync();

        (await FormAsync("outcome=done", receipt)).ShouldRefuse("outcome", "query");
        (await FormAsync("outcome=failed&cause=a+form&hide=7", receipt)).Status.ShouldBe(200);

        var message = (await GetAsync($"{Message}?detail=full")).Json;
        message.GetProperty("hide").GetInt64().ShouldBe(7);
        message.GetProperty("causes")[0].GetProperty("cause").GetString().ShouldBe("a form");
        // What the form and the query say is judged together.
        receipt = message.GetProperty("etag").GetString()!;
        (await FormAsync("hide=5", receipt, "?cause=query")).ShouldRefuse("cause");
        (await FormAsync("outcome=failed&cause=form", receipt, "?cause=query&hide=9")).Status.ShouldBe(200);
        message = (await GetAsync($"{Message}?detail=full")).Json;
        message.GetProperty("hide").GetInt64().ShouldBe(9);
        message.GetProperty("causes")[1].GetProperty("cause").GetString().ShouldBe("query");
    }

    [Fact]
    public async Task In_a_batch_an_update_has_an_outcome_and_needs_its_receipt()
    {
        await PutAllAsync(Queue, "a", "b", "c", "d", "e");
        var claimed = (await PostAsync($"{Queue}?limit=5&hide=60&detail=full")).Json.EnumerateArray().ToDictionary(
            message => message.GetProperty("id").GetString()!, message => message.GetProperty("etag").GetRawText());
        var items = $$"""
            [
              {"op":"update","id":"a","outcome":"done","ifMatch":{{claimed["a"]}}},
              {"op":"update","id":"b","outcome":"failed","cause":"x","hide":5,"ifMatch":{{claimed["b"]}}},
              {"op":"update","id":"c","outcome":"dead","ifMatch":{{claimed["c"]}}},
              {"op":"update","id":"d","outcome":"released","ifMatch":{{claimed["d"]}}},
              {"op":"update","id":"e","outcome":"done"},
              {"op":"update","id":"e","outcome":"done","ifMatch":{{claimed["d"]}}},
              {"op":"update","id":"e","outcome":"gone","ifMatch":{{claimed["e"]}}},
              {"op":"update","id":"e","outcome":"done","ttl":5,"ifMatch":{{claimed["e"]}}},
              {"op":"delete","id":"e","outcome":"done"},
              {"id":"e","outcome":"done"},
              {"op":"update","id":"e","outcome":"done","body":"x","ifMatch":{{claimed["e"]}}}
            ]
            """;

        var answer = await SendAsync(
            "POST", $"/batch/{Account}/q", Encoding.UTF8.GetBytes(items), ("Content-Type", "application/json"));

        answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32())
            .ShouldBe([200, 200, 200, 200, 428, 412, 400, 400, 400, 400, 400]);
        (await IdsAsync(Queue)).ShouldBe(["b", "d", "e"]);
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["d"]);
        (await GetAsync($"/dead/{Account}/q?detail=id")).ShouldBeJson("""["c"]""");
    }

    private async Task<string> ClaimAsync()
    {
        (await PutAsync($"{Message}?ttl=0", "m")).Status.ShouldBe(201);
        return (await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0].GetProperty("etag").GetString()!;
    }

    private Task<RawAnswer> SettleAsync(string outcome, string receipt) =>
        PostAsync($"{Message}?outcome={outcome}", ("If-Match", receipt));

    private Task<RawAnswer> FormAsync(string form, string receipt, string query = "") => SendAsync(
        "POST",
        Message + query,
        Encoding.ASCII.GetBytes(form),
        ("If-Match", receipt),
        ("Content-Type", "application/x-www-form-urlencoded"));
}

public sealed class MemoryOutcomeTests(MemoryServer server) : OutcomeTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteOutcomeTests(SqliteServer server) : OutcomeTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppOutcomeTests(FunctionAppServer server) : OutcomeTests(server);

using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Receipts and preconditions of one message (docs/reference/api.md).</summary>
public abstract class ReceiptTests(ServerFixture server) : ProtocolTests(server)
{
    private string Message => $"{Queue}/m";

    [Fact]
    public async Task Every_answer_about_one_message_has_its_etag_which_changes_with_every_change()
    {
        var put = (await PutAsync(Message)).ETag.ShouldNotBeNull();
        put.ShouldStartWith("\"");
        put.ShouldEndWith("\"");
        foreach (var method in new[] { "GET", "HEAD" })
        {
            foreach (var detail in new[] { "none", "id", "attributes", "body", "all", "full" })
                (await SendAsync(method, $"{Message}?detail={detail}")).ETag.ShouldBe(put);
        }

        (await GetAsync($"{Message}?detail=full")).Json.GetProperty("etag").GetString().ShouldBe(put);
        (await GetAsync($"{Queue}?detail=full")).Json[0].GetProperty("etag").GetString().ShouldBe(put);
        var replaced = (await PutAsync(Message)).ETag;
        var updated = (await PostAsync($"{Message}?ttl=9")).ETag;
        var same = (await PostAsync($"{Message}?ttl=9&detail=full")).ETag;
        var claimed = (await PostAsync($"{Queue}?limit=1&hide=9&detail=full")).Json[0].GetProperty("etag").GetString();
        var changed = (await PostAsync($"{Queue}?match_hidden=true&hide=0&detail=full")).Json[0].GetProperty("etag").GetString();
        new[] { put, replaced, updated, same, claimed, changed }.ShouldBeUnique();
        (await GetAsync(Message)).ETag.ShouldBe(changed);
        (await DeleteAsync($"{Message}?detail=all")).ETag.ShouldBe(changed);
        (await PutAsync(Message)).ETag.ShouldNotBe(put);
    }

    [Theory]
    [InlineData("{etag}", true)]
    [InlineData("*", true)]
    [InlineData("\"other\", {etag}", true)]
    [InlineData("{etag},\"other\"", true)]
    [InlineData("\"a\" , \"b\",\t{etag}", true)]
    [InlineData("W/\"a\", {etag}", true)]
    [InlineData("\"other\"", false)]
    [InlineData("\"\"", false)]
    [InlineData("\"other\", \"another\"", false)]
    [InlineData("W/{etag}", false)]
    [InlineData("W/\"a\", W/{etag}", false)]
    public async Task If_match_lets_pass_what_holds(string condition, bool holds)
    {
        foreach (var method in new[] { "GET", "HEAD", "PUT", "POST", "DELETE" })
        {
            var etag = (await PutAsync($"{Message}?ttl=0")).ETag!;

            var answer = await SendAsync(
                method, $"{Message}?ttl=7", null, ("If-Match", condition.Replace("{etag}", etag, StringComparison.Ordinal)));

            answer.Status.ShouldBe(holds ? 200 : 412, method);
            if (!holds)
                (await GetAsync(Message)).ETag.ShouldBe(etag);
        }
    }

    [Theory]
    [InlineData("{etag}", true)]
    [InlineData("*", true)]
    [InlineData("\"other\", {etag}", true)]
    [InlineData("\"other\"", false)]
    [InlineData("W/{etag}", false)]
    public async Task If_none_match_is_304_for_a_read_and_412_for_a_change_where_it_matches(string condition, bool matches)
    {
        foreach (var method in new[] { "GET", "HEAD", "PUT", "POST", "DELETE" })
        {
            var etag = (await PutAsync($"{Message}?ttl=0")).ETag!;

            var answer = await SendAsync(
                method, $"{Message}?ttl=7", null, ("If-None-Match", condition.Replace("{etag}", etag, StringComparison.Ordinal)));

            answer.Status.ShouldBe(!matches ? 200 : method is "GET" or "HEAD" ? 304 : 412, method);
            if (answer.Status == 304)
                (answer.ETag, answer.Body.Length).ShouldBe((etag, 0));
            if (matches)
                (await GetAsync(Message)).ETag.ShouldBe(etag);
        }
    }

    [Fact]
    public async Task A_quoted_asterisk_is_a_tag_like_any_other()
    {
        (await PutAsync(Message, "x", ("If-None-Match", "\"*\""))).ShouldBeEmpty(201);
        (await PutAsync(Message, "x", ("If-None-Match", "\"*\""))).ShouldBeEmpty(200);
        (await GetAsync(Message, ("If-None-Match", "\"*\""))).Status.ShouldBe(200);
        (await DeleteAsync(Message, ("If-Match", "\"*\""))).Status.ShouldBe(412);
    }

    [Fact]
    public async Task If_match_is_judged_before_if_none_match()
    {
        var etag = (await PutAsync(Message)).ETag!;

        (await GetAsync(Message, ("If-Match", "\"other\""), ("If-None-Match", etag))).Status.ShouldBe(412);
        (await GetAsync(Message, ("If-Match", etag), ("If-None-Match", etag))).Status.ShouldBe(304);
        (await GetAsync(Message, ("If-Match", etag), ("If-None-Match", "\"other\""))).Status.ShouldBe(200);
        (await PutAsync(Message, "x", ("If-Match", etag), ("If-None-Match", "*"))).Status.ShouldBe(412);
    }

    [Fact]
    public async Task Tags_of_several_header_lines_are_one_list()
    {
        var etag = (await PutAsync(Message)).ETag!;

        (await GetAsync(Message, ("If-Match", "\"other\""), ("If-Match", etag))).Status.ShouldBe(200);
        (await GetAsync(Message, ("If-None-Match", "\"other\""), ("If-None-Match", etag))).Status.ShouldBe(304);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("\"x")]
    [InlineData("x\"")]
    [InlineData("'x'")]
    [InlineData("\"x\" \"y\"")]
    [InlineData("\"x\", y")]
    [InlineData("**")]
    [InlineData("*, \"x\"")]
    [InlineData("\"x\", *")]
    public async Task A_malformed_condition_is_400(string condition)
    {
        var etag = (await PutAsync(Message)).ETag;

        foreach (var header in new[] { "If-Match", "If-None-Match" })
        {
            foreach (var method in new[] { "GET", "PUT", "POST", "DELETE" })
                (await SendAsync(method, $"{Message}?ttl=7", null, (header, condition))).ShouldRefuse(header, $"{method} {header}");
        }

        (await GetAsync(Message)).ETag.ShouldBe(etag);
    }

    [Fact]
    public async Task On_collections_conditions_are_400()
    {
        await PutAsync(Message);

        foreach (var header in new[] { "If-Match", "If-None-Match" })
        {
            foreach (var condition in new[] { "*", "\"x\"" })
            {
                foreach (var method in new[] { "GET", "DELETE" })
                {
                    (await SendAsync(method, "/v1.0", null, (header, condition))).ShouldRefuse(header);
                    (await SendAsync(method, $"/v1.0/{Account}", null, (header, condition))).ShouldRefuse(header);
                    (await SendAsync(method, Queue, null, (header, condition))).ShouldRefuse(header);
                }

                (await PostAsync($"{Queue}?hide=5", (header, condition))).ShouldRefuse(header);
            }
        }

        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task A_missing_message_is_404_before_any_condition_but_412_for_a_put_with_if_match()
    {
        foreach (var condition in new[] { "*", "\"x\"" })
        {
            foreach (var method in new[] { "GET", "HEAD", "POST", "DELETE" })
            {
                (await SendAsync(method, Message, null, ("If-Match", condition))).Status.ShouldBe(404);
                (await SendAsync(method, Message, null, ("If-None-Match", condition))).Status.ShouldBe(404);
            }

            (await PutAsync(Message, "x", ("If-Match", condition))).Status.ShouldBe(412);
        }

        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
        (await PutAsync($"{Message}?ttl=5", "x", ("If-None-Match", "\"x\""))).ShouldBeEmpty(201);
        // An expired message counts as missing.
        Time.Advance(TimeSpan.FromSeconds(5));
        (await PutAsync(Message, "x", ("If-Match", "*"))).Status.ShouldBe(412);
        (await PutAsync(Message, "x", ("If-None-Match", "*"))).ShouldBeEmpty(201);
    }

    [Fact]
    public async Task A_retried_insert_does_not_replace()
    {
        (await PutAsync($"{Message}?ttl=0", "first", ("If-None-Match", "*"))).ShouldBeEmpty(201);
        (await PutAsync($"{Message}?ttl=0&hide=5", "second", ("If-None-Match", "*"))).Status.ShouldBe(412);

        (await GetAsync(Queue)).ShouldBeJson("""[{"id":"m","ttl":0,"hide":0,"body":"first"}]""");
    }

    [Fact]
    public async Task A_worker_whose_claim_ran_out_cannot_delete_the_next_workers()
    {
        await PutAsync($"{Message}?ttl=0");
        var claim = $"{Queue}?limit=1&hide=30&detail=full";
        var first = (await PostAsync(claim)).Json[0].GetProperty("etag").GetString()!;
        Time.Advance(TimeSpan.FromSeconds(30));
        // The end of a claim is no change. The receipt is good until the next claim.
        (await GetAsync(Message, ("If-Match", first))).Status.ShouldBe(200);
        var second = (await PostAsync(claim)).Json[0].GetProperty("etag").GetString()!;

        (await DeleteAsync(Message, ("If-Match", first))).Status.ShouldBe(412);
        (await PostAsync($"{Message}?hide=60", ("If-Match", first))).Status.ShouldBe(412);
        (await GetAsync($"{Message}?detail=attributes")).ShouldBeJson("""{"id":"m","ttl":0,"hide":30}""");
        (await DeleteAsync(Message, ("If-Match", second))).ShouldBeEmpty(200);
    }
}

public sealed class MemoryReceiptTests(MemoryServer server) : ReceiptTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteReceiptTests(SqliteServer server) : ReceiptTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppReceiptTests(FunctionAppServer server) : ReceiptTests(server);

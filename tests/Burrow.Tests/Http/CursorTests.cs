using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>The cursor <c>Burrow-Marker</c>, and the detail <c>full</c> (docs/reference/api.md).</summary>
public abstract class CursorTests(ServerFixture server) : ProtocolTests(server)
{
    [Theory]
    [InlineData("GET", "id")]
    [InlineData("GET", "attributes")]
    [InlineData("GET", "body")]
    [InlineData("GET", "all")]
    [InlineData("GET", "full")]
    [InlineData("POST", "id")]
    [InlineData("POST", "none")]
    [InlineData("POST", "full")]
    [InlineData("DELETE", "id")]
    [InlineData("DELETE", "none")]
    [InlineData("GET", "none")]
    public async Task Every_list_of_messages_has_a_cursor_for_its_last(string method, string detail)
    {
        await PutAllAsync(Queue, "a", "b", "c", "d");

        var answer = await SendAsync(method, $"{Queue}?limit=2&detail={detail}{(method == "POST" ? "&hide=5" : "")}");

        var marker = answer.Marker.ShouldNotBeNull();
        (await GetAsync($"{Queue}?match_hidden=true&detail=id&after={Uri.EscapeDataString(marker)}")).ShouldBeJson("""["c","d"]""");
    }

    [Fact]
    public async Task A_cursor_is_good_after_its_message_is_gone()
    {
        await PutAllAsync(Queue, "a", "b", "c", "d");
        var after = (await GetAsync($"{Queue}?limit=2")).Marker;

        await DeleteAsync($"{Queue}/b");
        (await GetAsync($"{Queue}?detail=id&after={after}")).ShouldBeJson("""["c","d"]""");
        await PutAllAsync(Queue, "b");
        (await GetAsync($"{Queue}?detail=id&after={after}")).ShouldBeJson("""["c","d","b"]""");
        (await PostAsync($"{Queue}?detail=id&limit=1&hide=9&after={after}")).ShouldBeJson("""["c"]""");
        (await DeleteAsync($"{Queue}?detail=id&after={after}")).ShouldBeJson("""["d","b"]""");
        (await IdsAsync(Queue)).ShouldBe(["a", "c"]);
        await DeleteAsync($"/v1.0/{Account}");
        (await GetAsync($"{Queue}?after={after}")).Status.ShouldBe(404);
        await PutAllAsync(Queue, "z");
        (await GetAsync($"{Queue}?detail=id&after={after}")).ShouldBeJson("""["z"]""");
    }

    [Fact]
    public async Task A_reader_that_follows_its_cursor_sees_each_message_once()
    {
        await PutAllAsync(Queue, "a", "b", "c", "d", "e");
        var seen = new List<string>();
        var (target, answer) = ($"{Queue}?detail=id&limit=2", await GetAsync($"{Queue}?detail=id&limit=2"));
        while (answer.Status == 200)
        {
            seen.AddRange(answer.Strings);
            if (seen.Count == 4)
                await PutAllAsync(Queue, "f");
            answer = await GetAsync($"{target}&after={answer.Marker}");
        }

        seen.ShouldBe(["a", "b", "c", "d", "e", "f"]);
    }

    [Theory]
    [InlineData("after={after}&marker=a", "after")]
    [InlineData("marker=none&after={after}", "after")]
    [InlineData("after=x", "after")]
    [InlineData("after=", "after")]
    [InlineData("after", "after")]
    [InlineData("after={after}0", "after")]
    [InlineData("after=-1", "after")]
    [InlineData("after={after}&after=x", "after")]
    public async Task Garbage_and_a_marker_besides_are_400(string query, string parameter)
    {
        await PutAllAsync(Queue, "a", "b");
        var after = (await GetAsync($"{Queue}?limit=1")).Marker;

        foreach (var method in new[] { "GET", "POST", "DELETE" })
        {
            (await SendAsync(method, $"{Queue}?{query.Replace("{after}", after, StringComparison.Ordinal)}"))
                .ShouldRefuse(parameter);
        }

        (await IdsAsync(Queue)).ShouldBe(["a", "b"]);
        (await GetAsync($"{Queue}?detail=id&after=x&after={after}")).ShouldBeJson("""["b"]""");
    }

    [Fact]
    public async Task One_message_and_lists_of_names_have_no_cursor()
    {
        await PutAsync($"{Queue}/m");

        (await GetAsync($"{Queue}/m")).Marker.ShouldBeNull();
        (await GetAsync($"/v1.0/{Account}")).Marker.ShouldBeNull();
        (await GetAsync("/v1.0")).Marker.ShouldBeNull();
    }

    [Fact]
    public async Task Full_shows_all_there_is_of_a_message()
    {
        var inserted = Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
        await PutAsync($"{Queue}/m?ttl=100", "text", ("Content-Type", "text/x"));
        await PutAsync($"{Queue}/n?ttl=100", "text");
        await PutAsync($"{Queue}/n?ttl=100&hide=7", "other");

        var list = (await GetAsync($"{Queue}?detail=full&match_hidden=true")).Json;

        list[0].EnumerateObject().Select(member => member.Name)
            .ShouldBe(["id", "ttl", "hide", "body", "etag", "deliveries", "inserted", "contentType"], ignoreOrder: true);
        list[1].EnumerateObject().Select(member => member.Name)
            .ShouldBe(["id", "ttl", "hide", "body", "etag", "deliveries", "inserted"], ignoreOrder: true);
        list[0].GetProperty("inserted").GetString().ShouldBe(inserted);
        list[0].GetProperty("contentType").GetString().ShouldBe("text/x");
        list[0].GetProperty("deliveries").GetInt32().ShouldBe(0);
        list[1].GetProperty("hide").GetInt32().ShouldBe(7);
        (await GetAsync($"{Queue}/m?detail=full")).Text.ShouldBe(list[0].GetRawText());
        (await DeleteAsync($"{Queue}/n?detail=full")).Text.ShouldBe(list[1].GetRawText());
    }

    [Fact]
    public async Task Deliveries_count_the_posts_on_the_queue_that_hid_the_message()
    {
        await PutAsync($"{Queue}/m?ttl=0");
        var expected = 0;
        foreach (var (target, delivers) in new[]
        {
            ($"{Queue}?limit=1&hide=9", true), ($"{Queue}?match_hidden=true&hide=9", true), ($"{Queue}/m?hide=9", false),
            ($"{Queue}?match_hidden=true&ttl=0", false), ($"{Queue}?match_hidden=true&hide=0", false), ($"{Queue}?ttl=0&hide=9", true),
        })
        {
            await PostAsync(target);
            expected += delivers ? 1 : 0;
            (await GetAsync($"{Queue}/m?detail=full")).Json.GetProperty("deliveries").GetInt32().ShouldBe(expected, target);
        }
    }
}

public sealed class MemoryCursorTests(MemoryServer server) : CursorTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteCursorTests(SqliteServer server) : CursorTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppCursorTests(FunctionAppServer server) : CursorTests(server);

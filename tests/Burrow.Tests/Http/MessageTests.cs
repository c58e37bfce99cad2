using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>What requests on messages do and answer (docs/reference/api.md).</summary>
public abstract class MessageTests(ServerFixture server) : ProtocolTests(server)
{
    private const string M = """{"id":"m","ttl":0,"hide":0,"body":"text"}""";
    private const string N = """{"id":"n","ttl":600,"hide":60,"body":"other"}""";

    /// <summary>A detail, and what a list of two messages shows with it. Null: nothing.</summary>
    public static TheoryData<string, string?> Shown => new()
    {
        { "detail=none", null },
        { "detail=id", """["m","n"]""" },
        { "detail=attributes", """[{"id":"m","ttl":0,"hide":0},{"id":"n","ttl":600,"hide":60}]""" },
        { "detail=body", """["text","other"]""" },
        { "detail=all", $"[{M},{N}]" },
    };

    [Fact]
    public async Task A_put_is_201_where_it_is_new_and_200_where_it_replaces()
    {
        (await PutAsync($"{Queue}/m")).ShouldBeEmpty(201);
        (await PutAsync($"{Queue}/m")).ShouldBeEmpty(200);
        await DeleteAsync($"{Queue}/m");
        (await PutAsync($"{Queue}/m")).ShouldBeEmpty(201);
    }

    [Fact]
    public async Task A_put_has_the_default_attributes_and_a_replace_anew()
    {
        await PutAsync($"{Queue}/m", "text");
        (await GetAsync(Queue)).ShouldBeJson("""[{"id":"m","ttl":600,"hide":0,"body":"text"}]""");

        await PutAsync($"{Queue}/m?ttl=5&hide=3", "text");
        (await GetAsync($"{Queue}/m")).ShouldBeJson("""{"id":"m","ttl":5,"hide":3,"body":"text"}""");

        await PutAsync($"{Queue}/m", "other");
        (await GetAsync(Queue)).ShouldBeJson("""[{"id":"m","ttl":600,"hide":0,"body":"other"}]""");
    }

    [Theory]
    [MemberData(nameof(Shown))]
    public async Task A_list_shows_what_detail_says(string detail, string? shown)
    {
        foreach (var method in new[] { "GET", "POST", "DELETE" })
        {
            await PutTwoAsync();

            ShouldShow(await SendAsync(method, $"{Queue}?match_hidden=true&{detail}"), shown);

            (await IdsAsync(Queue)).ShouldBe(method == "DELETE" ? [] : ["m", "n"]);
        }
    }

    [Fact]
    public async Task Without_detail_a_list_shows_all_and_changes_show_nothing()
    {
        await PutTwoAsync();
        ShouldShow(await GetAsync($"{Queue}?match_hidden=true"), $"[{M},{N}]");
        ShouldShow(await PostAsync($"{Queue}?match_hidden=true&ttl=5"), null);
        ShouldShow(await DeleteAsync($"{Queue}?match_hidden=true"), null);

        await PutTwoAsync();
        (await GetAsync($"{Queue}/n")).ShouldBeJson(N);
        (await PostAsync($"{Queue}/n?hide=0")).ShouldBeEmpty(200);
        (await DeleteAsync($"{Queue}/n")).ShouldBeEmpty(200);
        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task One_message_is_an_object_or_its_bytes_hidden_or_not(string method)
    {
        await PutTwoAsync();
        (await SendAsync(method, $"{Queue}/n?detail=all")).ShouldBeJson(N);
        await PutTwoAsync();
        (await SendAsync(method, $"{Queue}/n?detail=attributes")).ShouldBeJson("""{"id":"n","ttl":600,"hide":60}""");
        await PutTwoAsync();
        (await SendAsync(method, $"{Queue}/n?detail=id")).ShouldBeBytes("n"u8.ToArray());
        await PutTwoAsync();
        (await SendAsync(method, $"{Queue}/n?detail=body")).ShouldBeBytes("other"u8.ToArray(), "text/other");
        await PutTwoAsync();
        (await SendAsync(method, $"{Queue}/m?detail=body")).ShouldBeBytes("text"u8.ToArray());
        await PutTwoAsync();
        (await SendAsync(method, $"{Queue}/n?detail=none")).ShouldBeEmpty(200);
        (await GetAsync($"{Queue}/n")).Status.ShouldBe(method == "DELETE" ? 404 : 200);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task Nothing_there_and_nothing_matched_are_404(string method)
    {
        foreach (var query in new[] { "", "?detail=none", "?detail=all", "?match_hidden=true&hide=5" })
        {
            (await SendAsync(method, $"/v1.0/{Account}none/q{query}")).Status.ShouldBe(404);
            (await SendAsync(method, $"/v1.0/{Account}none/q/m{query}")).Status.ShouldBe(404);
            (await SendAsync(method, $"{Queue}{query}")).Status.ShouldBe(404);
            (await SendAsync(method, $"{Queue}/m{query}")).Status.ShouldBe(404);
        }

        await PutAsync($"{Queue}/m?hide=60");
        (await SendAsync(method, $"{Queue}/none")).Status.ShouldBe(404);
        (await SendAsync(method, $"/v1.0/{Account}/other")).Status.ShouldBe(404);
        (await SendAsync(method, Queue)).Status.ShouldBe(404);
        (await SendAsync(method, $"{Queue}?match_hidden=true&marker=m")).Status.ShouldBe(404);
        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task Messages_stand_in_order_of_insertion_and_a_replace_keeps_the_place()
    {
        await PutAllAsync(Queue, "c", "a", "b", "%F0%9F%98%80", "0");

        await PutAsync($"{Queue}/a?ttl=0", "new");
        await PutAsync($"{Queue}/c?ttl=0&hide=60", "new");

        (await IdsAsync(Queue)).ShouldBe(["c", "a", "b", "😀", "0"]);
        await PostAsync($"{Queue}/c?hide=0");
        (await GetAsync($"{Queue}?detail=body")).ShouldBeJson("""["new","new","b","%F0%9F%98%80","0"]""");
        await DeleteAsync($"{Queue}/a");
        await PutAsync($"{Queue}/a");
        (await IdsAsync(Queue)).ShouldBe(["c", "b", "😀", "0", "a"]);
    }

    [Theory]
    [InlineData("", "abcde")]
    [InlineData("limit=0", "abcde")]
    [InlineData("limit=1", "a")]
    [InlineData("limit=3", "abc")]
    [InlineData("limit=5", "abcde")]
    [InlineData("limit=2147483647", "abcde")]
    [InlineData("marker=", "abcde")]
    [InlineData("marker", "abcde")]
    [InlineData("marker=none", "abcde")]
    [InlineData("marker=A", "abcde")]
    [InlineData("marker=.", "abcde")]
    [InlineData("marker=a", "bcde")]
    [InlineData("marker=c", "de")]
    [InlineData("marker=e", "")]
    [InlineData("marker=e&marker=a", "bcde")]
    [InlineData("marker=a&limit=2", "bc")]
    [InlineData("marker=d&limit=2", "e")]
    public async Task A_marker_and_a_limit_pick_a_stretch_of_the_queue(string query, string picked)
    {
        await PutAllAsync(Queue, "a", "b", "c", "d", "e");
        var expected = string.Concat($"[{string.Join(',', picked.Select(id => $"\"{id}\""))}]");
        var rest = "abcde".Except(picked).Select(id => $"{id}").ToArray();

        foreach (var method in new[] { "GET", "POST", "DELETE" })
        {
            var answer = await SendAsync(method, $"{Queue}?detail=id&{query}{(method == "POST" ? "&hide=9" : "")}");
            if (picked.Length == 0)
                answer.Status.ShouldBe(404);
            else
                answer.ShouldBeJson(expected);
            answer.More.ShouldBeFalse();
            if (method == "POST")
            {
                (await IdsAsync(Queue, hidden: false)).ShouldBe(rest);
                await PostAsync($"{Queue}?match_hidden=true&hide=0");
            }
        }

        (await IdsAsync(Queue)).ShouldBe(rest);
    }

    [Fact]
    public async Task A_hidden_message_serves_as_a_marker()
    {
        await PutAllAsync(Queue, "a", "b", "c");
        await PostAsync($"{Queue}/b?hide=60");

        (await GetAsync($"{Queue}?detail=id&marker=b")).ShouldBeJson("""["c"]""");
        (await GetAsync($"{Queue}?detail=id&marker=a")).ShouldBeJson("""["c"]""");
        (await GetAsync($"{Queue}?detail=id&marker=a&match_hidden=true")).ShouldBeJson("""["b","c"]""");
        await DeleteAsync($"{Queue}/b");
        (await GetAsync($"{Queue}?detail=id&marker=b")).ShouldBeJson("""["a","c"]""");
    }

    [Fact]
    public async Task An_update_sets_what_it_names_and_leaves_the_rest()
    {
        await PutAsync($"{Queue}/m?ttl=100&hide=50", "text");

        (await PostAsync($"{Queue}/m?ttl=20&detail=attributes")).ShouldBeJson("""{"id":"m","ttl":20,"hide":50}""");
        (await PostAsync($"{Queue}/m?hide=30&detail=all")).ShouldBeJson("""{"id":"m","ttl":20,"hide":30,"body":"text"}""");
        (await PostAsync($"{Queue}/m?detail=attributes")).ShouldBeJson("""{"id":"m","ttl":20,"hide":30}""");
        (await PostAsync($"{Queue}/m?hide=0&ttl=0&detail=attributes")).ShouldBeJson("""{"id":"m","ttl":0,"hide":0}""");
        (await PostAsync($"{Queue}?ttl=9&detail=attributes")).ShouldBeJson("""[{"id":"m","ttl":9,"hide":0}]""");
        (await PostAsync($"{Queue}?hide=8&detail=attributes")).ShouldBeJson("""[{"id":"m","ttl":9,"hide":8}]""");
        (await PostAsync($"{Queue}?match_hidden=true&detail=attributes")).ShouldBeJson("""[{"id":"m","ttl":9,"hide":8}]""");
        (await PostAsync($"{Queue}?match_hidden=true&hide=3153600000&ttl=3153600000&detail=attributes"))
            .ShouldBeJson("""[{"id":"m","ttl":3153600000,"hide":3153600000}]""");
    }

    [Fact]
    public async Task A_claim_takes_the_first_and_the_next_claim_the_next()
    {
        await PutAllAsync(Queue, "a", "b", "c");
        var claim = $"{Queue}?limit=1&hide=60&wait=20&detail=all";

        (await PostAsync(claim)).ShouldBeJson("""[{"id":"a","ttl":0,"hide":60,"body":"a"}]""");
        (await PostAsync(claim)).ShouldBeJson("""[{"id":"b","ttl":0,"hide":60,"body":"b"}]""");
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["c"]);
        (await DeleteAsync($"{Queue}/a")).ShouldBeEmpty(200);
        (await PostAsync($"{Queue}/b?hide=0")).ShouldBeEmpty(200);
        (await PostAsync(claim)).ShouldBeJson("""[{"id":"b","ttl":0,"hide":60,"body":"b"}]""");
        (await PostAsync(claim)).ShouldBeJson("""[{"id":"c","ttl":0,"hide":60,"body":"c"}]""");
        (await PostAsync(claim.Replace("wait=20", "wait=0", StringComparison.Ordinal))).Status.ShouldBe(404);
        (await IdsAsync(Queue)).ShouldBe(["b", "c"]);
    }

    [Fact]
    public async Task A_take_deletes_what_it_returns_and_leaves_hidden_messages()
    {
        await PutAllAsync(Queue, "a", "b", "c", "d", "e");
        await PostAsync($"{Queue}/b?hide=60");

        (await DeleteAsync($"{Queue}?limit=2&detail=body")).ShouldBeJson("""["a","c"]""");
        (await DeleteAsync($"{Queue}?limit=1&match_hidden=true&detail=id")).ShouldBeJson("""["b"]""");
        (await DeleteAsync($"{Queue}?limit=100&detail=all"))
            .ShouldBeJson("""[{"id":"d","ttl":0,"hide":0,"body":"d"},{"id":"e","ttl":0,"hide":0,"body":"e"}]""");
        (await DeleteAsync($"{Queue}?limit=100&detail=all")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Two_requests_at_once_never_get_one_message()
    {
        await PutAllAsync(Queue, [.. Enumerable.Range(0, 20).Select(i => $"m{i:d2}")]);
        var connections = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ConnectAsync()));

        var got = new List<string>();
        foreach (var query in new[] { ("POST", "limit=2&hide=60"), ("DELETE", "limit=2") })
        {
            var answers = await Time.AdvanceUntilAsync(
                Task.WhenAll(connections.Select(http => http.SendAsync(query.Item1, $"{Queue}?detail=id&{query.Item2}"))),
                TimeSpan.FromMilliseconds(1));
            got.AddRange(answers.SelectMany(answer => answer.Strings));
        }

        got.Order().ShouldBe(Enumerable.Range(0, 20).Select(i => $"m{i:d2}"));
        foreach (var connection in connections)
            await connection.DisposeAsync();
    }

    [Fact]
    public async Task A_connection_carries_one_request_after_the_other_as_they_come()
    {
        await using var http = await ConnectAsync();
        var requests = new[] { "a", "b", "c" }.Select(
            id => $"PUT {Queue}/{id}?ttl=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n{id}");
        await http.SendBytesAsync(Encoding.ASCII.GetBytes(string.Concat(requests)));

        foreach (var _ in "abc")
            (await http.ReadAsync("PUT")).ShouldBeEmpty(201);
        (await IdsAsync(Queue)).ShouldBe(["a", "b", "c"]);
    }

    private async Task PutTwoAsync()
    {
        await PutAsync($"{Queue}/m?ttl=0", "text");
        await PutAsync($"{Queue}/n?hide=60", "other", ("Content-Type", "text/other"));
    }

    private static void ShouldShow(RawAnswer answer, string? shown)
    {
        if (shown is null)
            answer.ShouldBeEmpty(200);
        else
            answer.ShouldBeJson(shown);
    }
}

public sealed class MemoryMessageTests(MemoryServer server) : MessageTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteMessageTests(SqliteServer server) : MessageTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppMessageTests(FunctionAppServer server) : MessageTests(server);

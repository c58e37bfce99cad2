using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Priorities (docs/reference/api.md, "Priority").</summary>
public abstract class PriorityTests(ServerFixture server) : ProtocolTests(server)
{
    [Theory]
    [InlineData("POST", "&hide=60")]
    [InlineData("DELETE", "")]
    public async Task Claims_and_takes_hand_out_higher_priorities_first_and_each_in_order(string method, string query)
    {
        await PutManyAsync();

        var first = await SendAsync(method, $"{Queue}?limit=3&detail=id{query}");
        var rest = await SendAsync(method, $"{Queue}?limit=10&detail=id{query}");

        first.Strings.ShouldBe(["9a", "9b", "5a"]);
        rest.Strings.ShouldBe(["a", "b", "0a", "0b"]);
    }

    [Theory]
    [InlineData("POST", "&hide=60&detail=id")]
    [InlineData("DELETE", "&detail=id")]
    public async Task So_do_those_of_more_than_a_page(string method, string query)
    {
        var low = Enumerable.Range(0, 1990).Select(i => $"{i:d4}").ToList();
        string[] high = ["9a", "9b"];
        foreach (var ids in low.Chunk(995))
        {
            var items = string.Join('\n', ids.Select(id => $$"""{"id":"{{id}}","ttl":0}"""));
            (await SendAsync(
                "POST",
                $"/batch/{Account}/q",
                Encoding.ASCII.GetBytes(items),
                ("Content-Type", "application/x-ndjson"))).Status.ShouldBe(200);
        }

        foreach (var id in high)
            await PutAsync($"{Queue}/{id}?ttl=0&priority=9");

        var some = await SendAsync(method, $"{Queue}?limit=1500{query}");
        var rest = await SendAsync(method, $"{Queue}?limit=1500{query}");

        some.Strings.ShouldBe([.. high, .. low.Take(1498)]);
        some.More.ShouldBeFalse();
        rest.Strings.ShouldBe([.. low.Skip(1498)]);
        rest.More.ShouldBeFalse();
        (await SendAsync(method, $"{Queue}?limit=1500{query}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Lists_markers_cursors_and_changes_without_a_limit_follow_the_puts()
    {
        await PutManyAsync();
        string[] all = ["a", "0a", "9a", "b", "5a", "9b", "0b"];

        (await IdsAsync(Queue)).ShouldBe(all);
        (await GetAsync($"{Queue}?detail=id&marker=9a")).Strings.ShouldBe(["b", "5a", "9b", "0b"]);
        var read = new List<string>();
        for (var cursor = ""; await GetAsync($"{Queue}?detail=id&limit=2{cursor}") is { Status: 200 } page;)
        {
            read.AddRange(page.Strings);
            cursor = $"&after={page.Marker}";
        }

        read.ShouldBe(all);
        (await PostAsync($"{Queue}?hide=60&detail=id&limit=2&marker=0a")).Strings.ShouldBe(["9a", "b"]);
        (await PostAsync($"{Queue}?hide=60&detail=id")).Strings.ShouldBe(["a", "0a", "5a", "9b", "0b"]);
        (await GetAsync($"{Queue}?detail=id&match_hidden=true")).Strings.ShouldBe(all);
    }

    [Fact]
    public async Task A_message_whose_hide_ended_comes_in_its_turn()
    {
        await PutManyAsync();
        (await PostAsync($"{Queue}?limit=2&hide=60&detail=id")).Strings.ShouldBe(["9a", "9b"]);
        (await PostAsync($"{Queue}?limit=1&hide=60&detail=id")).Strings.ShouldBe(["5a"]);
        Time.Advance(TimeSpan.FromSeconds(60));
        await PutAsync($"{Queue}/9c?ttl=0&priority=9");

        (await PostAsync($"{Queue}?limit=5&hide=60&detail=id")).Strings.ShouldBe(["9a", "9b", "9c", "5a", "a"]);
    }

    [Fact]
    public async Task Full_shows_a_priority_other_than_4_and_v1_none()
    {
        await PutAsync($"{Queue}/m?ttl=0&priority=9", "m");
        await PutAsync($"{Queue}/n?ttl=0&priority=4", "n");

        (await GetAsync($"{Queue}/m?detail=full")).Json.GetProperty("priority").GetInt32().ShouldBe(9);
        (await GetAsync($"{Queue}/n?detail=full")).Json.TryGetProperty("priority", out _).ShouldBeFalse();
        (await GetAsync($"{Queue}/m")).ShouldBeJson("""{"id":"m","ttl":0,"hide":0,"body":"m"}""");
    }

    [Fact]
    public async Task It_never_changes()
    {
        var put = (await PutAsync($"{Queue}/m?ttl=0&priority=7")).ETag;

        (await PutAsync($"{Queue}/m?ttl=0&priority=4")).ShouldBeAProblem(409);
        (await GetAsync($"{Queue}/m")).ETag.ShouldBe(put);
        (await PutAsync($"{Queue}/m?ttl=0&priority=7")).Status.ShouldBe(200);
        (await PutAsync($"{Queue}/m?ttl=0")).Status.ShouldBe(200);
        (await PostAsync($"{Queue}/m?ttl=60&priority=2")).Status.ShouldBe(200);
        (await GetAsync($"{Queue}/m?detail=full")).Json.GetProperty("priority").GetInt32().ShouldBe(7);
        // Preconditions come first.
        (await PutAsync($"{Queue}/m?priority=1", "x", ("If-None-Match", "*"))).ShouldBeAProblem(412);
        // Put anew, an id may have another one.
        await DeleteAsync($"{Queue}/m");
        (await PutAsync($"{Queue}/m?priority=1")).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData("10")]
    [InlineData("-1")]
    [InlineData("high")]
    [InlineData("")]
    [InlineData("4.0")]
    [InlineData("٤")]
    public async Task A_bad_value_is_refused(string value)
    {
        (await PutAsync($"{Queue}/m?priority={Uri.EscapeDataString(value)}")).ShouldRefuse("priority", "0 to 9");
        (await GetAsync($"{Queue}/m")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task In_a_batch_a_put_has_a_priority()
    {
        var answer = await SendAsync(
            "POST",
            $"/batch/{Account}/q",
            Encoding.UTF8.GetBytes(
                """
                [
                  {"id":"a","priority":0}, {"id":"b"}, {"id":"c","priority":9}, {"id":"c","priority":8}, {"id":"d","priority":10},
                  {"op":"update","id":"a","priority":5}, {"op":"delete","id":"a","priority":5}
                ]
                """),
            ("Content-Type", "application/json"));

        answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32())
            .ShouldBe([201, 201, 201, 409, 400, 400, 400]);
        (await DeleteAsync($"{Queue}?limit=9&detail=id")).Strings.ShouldBe(["c", "b", "a"]);
    }

    [Fact]
    public async Task The_oldest_in_statistics_is_the_one_put_first()
    {
        await PutAsync($"{Queue}/old?ttl=0&priority=0");
        Time.Advance(TimeSpan.FromSeconds(30));
        await PutAsync($"{Queue}/new?ttl=0&priority=9");

        var statistics = (await GetAsync($"/stats/{Account}/q")).Json;

        statistics.GetProperty("oldestVisibleAge").GetDouble().ShouldBeGreaterThanOrEqualTo(30);
        statistics.GetProperty("visible").GetInt64().ShouldBe(2);
    }

    private async Task PutManyAsync()
    {
        foreach (var id in (string[])["a", "0a", "9a", "b", "5a", "9b", "0b"])
        {
            var priority = char.IsDigit(id[0]) ? $"&priority={id[0]}" : "";
            (await PutAsync($"{Queue}/{id}?ttl=0{priority}", id)).Status.ShouldBe(201);
        }
    }
}

public sealed class MemoryPriorityTests(MemoryServer server) : PriorityTests(server), IClassFixture<MemoryServer>;

public sealed class SqlitePriorityTests(SqliteServer server) : PriorityTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppPriorityTests(FunctionAppServer server) : PriorityTests(server);

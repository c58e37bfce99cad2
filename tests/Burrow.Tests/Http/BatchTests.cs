using System.Globalization;
using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Batches (docs/reference/api.md).</summary>
public abstract class BatchTests(ServerFixture server) : ProtocolTests(server)
{
    private const string NdJson = "application/x-ndjson";

    /// <summary>Invalid items, and the status that the single request would get.</summary>
    public static TheoryData<string, int> Wrong => new()
    {
        { """{"id":"m","op":"PUT"}""", 400 },
        { """{"id":"m","op":""}""", 400 },
        { """{"id":"m","op":1}""", 400 },
        { """{"id":"m","ttl":-1}""", 400 },
        { """{"id":"m","ttl":1.5}""", 400 },
        { """{"id":"m","ttl":"1"}""", 400 },
        { """{"id":"m","ttl":true}""", 400 },
        { """{"id":"m","hide":3153600001}""", 400 },
        { """{"id":"m","hide":99999999999999999999}""", 400 },
        { """{"id":"m","ttl":1e400}""", 400 },
        { """{"id":"m","ttl":1e-400}""", 400 },
        { """{"id":"m","id":"m"}""", 400 },
        { """{"id":"m","ttl":0,"ttl":0}""", 400 },
        { """{"id":"m","body":null,"\u0062ody":"x"}""", 400 },
        { """{"op":"delete","op":"put","id":"there"}""", 400 },
        { """{"id":"m","body":1}""", 400 },
        { """{"id":"m","body":{"a":1}}""", 400 },
        { """{"id":"m","body":"%%%","encoding":"base64"}""", 400 },
        { """{"id":"m","body":"YQ","encoding":"base64"}""", 400 },
        { """{"id":"m","body":"YQ==","encoding":"gzip"}""", 400 },
        { """{"id":"m","contentType":7}""", 400 },
        { """{"id":"m","contentType":"é"}""", 400 },
        { """{"id":"m","ifMatch":"x"}""", 400 },
        { """{"id":1}""", 400 },
        { """{"id":""}""", 400 },
        { """{"id":"."}""", 400 },
        { """{"id":".."}""", 400 },
        { """{"id":"\u0000"}""", 400 },
        { """{"id":"\ud800"}""", 400 },
        { """{"id":"a\udc00b"}""", 400 },
        { """{"id":"m","body":"\ud83d"}""", 400 },
        { """{"id":"m","body":"\ude00\ud83d"}""", 400 },
        { """{"id":"m","contentType":"\ud800"}""", 400 },
        { """{"op":"delete"}""", 400 },
        { """{"op":"update","ttl":5}""", 400 },
        { """{"op":"delete","id":"none"}""", 404 },
        { """{"op":"update","id":"none","ttl":5}""", 404 },
        { """{"op":"delete","id":"none","ifMatch":"*"}""", 404 },
        { """{"id":"none","ifMatch":"*"}""", 412 },
        { """{"id":"there","ifMatch":"\"x\""}""", 412 },
        { """{"op":"delete","id":"there","ifMatch":"\"x\""}""", 412 },
        { """{"op":"update","id":"there","ifMatch":"W/\"x\", \"y\"","ttl":5}""", 412 },
        { "7", 400 },
        { "null", 400 },
        { "\"m\"", 400 },
        { "[]", 400 },
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_operation_is_carried_out_in_order(bool lines)
    {
        await PutAllAsync(Queue, "old");
        var answer = await SendAsync(lines,
            """{"id":"a","body":"text","ttl":0}""",
            """{"op":"put","id":"b/é","body":"/w==","encoding":"base64","ttl":0,"hide":9,"contentType":"text/x"}""",
            """{"op":"update","id":"a","hide":5}""",
            """{"op":"update","id":"b/é","ttl":7}""",
            """{"op":"delete","id":"old"}""",
            """{"id":"old","ttl":0}""",
            """{"op":"delete","id":"old"}""",
            """{"op":"delete","id":"old"}""",
            """{"op":"put","id":"a","body":"new","ttl":0}""");

        Statuses(answer).ShouldBe([201, 201, 200, 200, 200, 201, 200, 404, 200]);
        answer.Json.EnumerateArray().Select(item => item.GetProperty("id").GetString())
            .ShouldBe(["a", "b/é", "a", "b/é", "old", "old", "old", "old", "a"]);
        var list = (await GetAsync($"{Queue}?detail=full&match_hidden=true")).Json;
        list.EnumerateArray().Select(item => item.GetProperty("id").GetString()).ShouldBe(["a", "b/é"]);
        (await GetAsync($"{Queue}/a")).ShouldBeJson("""{"id":"a","ttl":0,"hide":0,"body":"new"}""");
        (await GetAsync($"{Queue}/b%2F%C3%A9?detail=body")).ShouldBeBytes([0xFF], "text/x");
        (await GetAsync($"{Queue}/b%2F%C3%A9?detail=attributes")).ShouldBeJson("""{"id":"b/é","ttl":7,"hide":9}""");
        answer.Json[8].GetProperty("etag").GetString().ShouldBe((await GetAsync($"{Queue}/a")).ETag);
        answer.Json[3].GetProperty("etag").GetString().ShouldBe(list[1].GetProperty("etag").GetString());
        answer.Json[7].GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
        answer.Json[7].TryGetProperty("etag", out _).ShouldBeFalse();
        answer.Json[0].EnumerateObject().Select(member => member.Name).ShouldBe(["id", "status", "etag"]);
    }

    [Theory]
    [InlineData("60")]
    [InlineData("60.0")]
    [InlineData("6e1")]
    [InlineData("6E+1")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("0.0")]
    public async Task A_whole_number_may_be_written_in_any_way(string seconds)
    {
        Statuses(await SendAsync(true, $$"""{"id":"m","ttl":0,"hide":{{seconds}}}""")).ShouldBe([201]);

        var hide = seconds.Contains('6', StringComparison.Ordinal) ? 60 : 0;
        (await GetAsync($"{Queue}/m?detail=attributes")).ShouldBeJson($$"""{"id":"m","ttl":0,"hide":{{hide}}}""");
    }

    [Fact]
    public async Task An_id_is_made_where_a_put_has_none_and_told()
    {
        var answer = await SendAsync(true, """{"body":"a"}""", "{}", """{"id":null,"body":null,"op":null}""");

        Statuses(answer).ShouldBe([201, 201, 201]);
        var ids = answer.Json.EnumerateArray().Select(item => item.GetProperty("id").GetString()!).ToArray();
        ids.ShouldBeUnique();
        (await IdsAsync(Queue)).ShouldBe(ids);
        (await GetAsync($"{Queue}/{ids[0]}?detail=all")).Text.ShouldBe($$"""{"id":"{{ids[0]}}","ttl":600,"hide":0,"body":"a"}""");
        (await GetAsync($"{Queue}/{ids[1]}?detail=body")).ShouldBeBytes([]);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_item_fails_alone(string item, int status)
    {
        foreach (var lines in new[] { true, false })
        {
            await DeleteAsync($"/v1.0/{Account}");
            await PutAllAsync(Queue, "there");
            var answer = await SendAsync(lines, """{"id":"a","ttl":0}""", item, """{"id":"b","ttl":0}""");

            Statuses(answer).ShouldBe([201, status, 201]);
            answer.Json[1].GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
            (await IdsAsync(Queue)).ShouldBe(["there", "a", "b"]);
            (await GetAsync($"{Queue}/there")).ShouldBeJson("""{"id":"there","ttl":0,"hide":0,"body":"there"}""");
        }
    }

    [Theory]
    [InlineData("{\"id\":\"m\"")]
    [InlineData("not json")]
    [InlineData("{\"id\":\"m\"} {\"id\":\"n\"}")]
    [InlineData("{'id':'m'}")]
    [InlineData("{\"id\":\"m\",}")]
    [InlineData("\u00EF")]
    [InlineData("{\"id\":\"\u0001\"}")]
    public async Task A_line_that_is_not_json_spoils_only_itself(string line)
    {
        var answer = await SendAsync(true, """{"id":"a"}""", line, """{"id":"b"}""");

        Statuses(answer).ShouldBe([201, 400, 201]);
        answer.Json[1].GetProperty("error").GetString().ShouldNotBeNullOrEmpty();
        (await IdsAsync(Queue)).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf8_spoil_only_their_line()
    {
        byte[] body = [.. "{\"id\":\"a\"}\n{\"id\":\"m\",\"body\":\""u8, 0xFF, .. "\"}\n{\"id\":\"b\"}"u8];

        var answer = await SendAsync("POST", $"/batch/{Account}/q", body, ("Content-Type", NdJson));

        Statuses(answer).ShouldBe([201, 400, 201]);
        (await IdsAsync(Queue)).ShouldBe(["a", "b"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[{\"id\":\"a\"}")]
    [InlineData("[{\"id\":\"a\"},]")]
    [InlineData("null")]
    public async Task A_body_that_is_no_array_is_400(string body)
    {
        (await SendAsync(
            "POST", $"/batch/{Account}/q", Encoding.UTF8.GetBytes(body), ("Content-Type", "application/json"))).ShouldBeAProblem(400);

        (await GetAsync(Queue)).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("{\"id\":\"a\"}\r\n{\"id\":\"b\"}\r\n", 2)]
    [InlineData("\n\n{\"id\":\"a\"}\n  \n\t\r\n{\"id\":\"b\"}\n\n", 2)]
    [InlineData(" {\"id\" : \"a\"} ", 1)]
    [InlineData("", 0)]
    [InlineData("\n", 0)]
    public async Task Blank_lines_are_no_items(string body, int items)
    {
        var answer = await SendAsync("POST", $"/batch/{Account}/q", Encoding.UTF8.GetBytes(body), ("Content-Type", NdJson));

        Statuses(answer).ShouldBe(Enumerable.Repeat(201, items));
    }

    [Fact]
    public async Task An_id_given_twice_is_put_twice_in_order()
    {
        var answer = await SendAsync(true,
            """{"id":"a","body":"1","ttl":0}""", """{"id":"b","body":"2","ttl":0}""", """{"id":"a","body":"3","ttl":0}""",
            """{"id":"a","body":"4","ttl":0}""", """{"id":"c","body":"5","ttl":0}""");

        Statuses(answer).ShouldBe([201, 201, 200, 200, 201]);
        (await GetAsync($"{Queue}?detail=body")).ShouldBeJson("""["4","2","5"]""");
        answer.Json[3].GetProperty("etag").GetString().ShouldBe((await GetAsync($"{Queue}/a")).ETag);
    }

    [Fact]
    public async Task With_if_none_match_a_retried_batch_does_not_replace()
    {
        string[] items =
            [
                """{"id":"a","body":"1","ttl":0}""", """{"id":"b","body":"2","ttl":0}""",
                """{"id":"a","body":"3"}""", """{"op":"update","id":"b","hide":5}"""];

        Statuses(await SendAsync(true, items, ("If-None-Match", "*"))).ShouldBe([201, 201, 412, 200]);
        Statuses(await SendAsync(true, items, ("If-None-Match", "*"))).ShouldBe([412, 412, 412, 200]);

        (await GetAsync($"{Queue}?detail=body&match_hidden=true")).ShouldBeJson("""["1","2"]""");
        (await SendAsync(true, items, ("If-None-Match", "\"x\""))).ShouldBeAProblem(400);
        (await SendAsync(true, items, ("If-Match", "*"))).ShouldBeAProblem(400);
    }

    [Fact]
    public async Task If_match_of_an_item_is_a_list_of_tags()
    {
        var etag = (await PutAsync($"{Queue}/m")).ETag!;
        var answer = await SendAsync(true,
            JsonSerializer.Serialize(new { op = "update", id = "m", ttl = 0, ifMatch = $"\"x\", {etag}" }),
            JsonSerializer.Serialize(new { op = "delete", id = "m", ifMatch = etag }),
            """{"id":"m","body":"new","ttl":0,"ifMatch":"*"}""");

        Statuses(answer).ShouldBe([200, 412, 200]);
        (await GetAsync(Queue)).ShouldBeJson("""[{"id":"m","ttl":0,"hide":0,"body":"new"}]""");
    }

    [Theory]
    [InlineData("application/x-ndjson", 200)]
    [InlineData("Application/X-NDJSON; charset=UTF-8", 200)]
    [InlineData("application/json", 200)]
    [InlineData("application/json;charset=utf-8", 200)]
    [InlineData("text/plain", 415)]
    [InlineData("application/jsonl", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("x", 415)]
    [InlineData(null, 415)]
    public async Task A_batch_is_ndjson_or_json(string? contentType, int status)
    {
        (string, string)[] headers = contentType is null ? [] : [("Content-Type", contentType)];

        var answer = await SendAsync("POST", $"/batch/{Account}/q", "[]"u8.ToArray(), headers);
        answer.Status.ShouldBe(status);
        answer.Headers.GetValueOrDefault("Accept").ShouldBe(status == 415 ? "application/x-ndjson, application/json" : null);
        answer.Headers.ContainsKey("Accept-Encoding").ShouldBeFalse();
        var encoded = await SendAsync("POST", $"/batch/{Account}/q", "[]"u8.ToArray(), [.. headers, ("Content-Encoding", "gzip")]);
        encoded.Status.ShouldBe(415);
        encoded.Headers.ContainsKey("Accept").ShouldBe(status == 415);
        encoded.Headers.ContainsKey("Accept-Encoding").ShouldBe(status == 200);
    }

    [Fact]
    public async Task A_body_of_an_item_has_the_bound_of_a_single_one()
    {
        var max = new string('x', 1024 * 1024);
        var answer = await SendAsync(true,
            $$"""{"id":"a","body":"{{max}}"}""",
            $$"""{"id":"m","body":"{{max}}x"}""",
            $$"""{"id":"m","body":"{{Convert.ToBase64String(new byte[1024 * 1024 + 1])}}","encoding":"base64"}""",
            $$"""{"id":"b","body":"{{Convert.ToBase64String(new byte[1024 * 1024])}}","encoding":"base64"}""",
            $$"""{"id":"{{new string('x', 513)}}"}""",
            $$"""{"id":"m","contentType":"{{new string('x', 257)}}"}""");

        Statuses(answer).ShouldBe([201, 413, 413, 201, 400, 400]);
        (await IdsAsync(Queue)).ShouldBe(["a", "b"]);
        (await GetAsync($"{Queue}/b?detail=body")).ShouldBeBytes(new byte[1024 * 1024]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_items_of_a_large_batch_are_read_wherever_they_begin_and_end(bool isLines)
    {
        // Every size differs, so items and their escaped characters lie across the ends of the server's blocks in every way.
        var bodies = Enumerable.Range(0, 300).Select(i => string.Concat(Enumerable.Repeat("é\"\\\n", 300 + i)) + i).ToArray();
        var items = bodies.Select((body, i) => JsonSerializer.Serialize(new { id = $"{i}", body })).ToArray();
        var spoilt = items.Select((item, i) => i % 100 == 99 ? item.Replace("body", "bodi", StringComparison.Ordinal) : item).ToArray();

        Statuses(await SendAsync(isLines, spoilt)).ShouldBe(items.Select((_, i) => i % 100 == 99 ? 400 : 201));
        var stored = (await GetAsync($"{Queue}?detail=all")).Json.EnumerateArray().ToDictionary(
            message => message.GetProperty("id").GetString()!, message => message.GetProperty("body").GetString());
        stored.Count.ShouldBe(297);
        stored.ShouldAllBe(message => message.Value == bodies[int.Parse(message.Key, CultureInfo.InvariantCulture)]);
    }

    [Fact]
    public async Task More_than_1000_items_or_16_mib_are_413_and_nothing_is_done()
    {
        var items = Enumerable.Repeat("""{"id":"m"}""", 1001).ToArray();
        (await SendAsync(true, items)).ShouldBeAProblem(413);
        (await SendAsync(false, items)).ShouldBeAProblem(413);
        (await SendAsync(true, """{"id":"m"}""", new string(' ', 16 * 1024 * 1024))).ShouldBeAProblem(413);

        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task The_items_of_an_array_are_counted_as_they_are_read()
    {
        // What follows the last item that is allowed is not read, so it need not be JSON.
        var items = string.Concat(Enumerable.Repeat("""{"id":"m"},""", 1001));
        (await SendAsync(false, items + "this is not JSON")).ShouldBeAProblem(413);
        (await SendAsync(false, string.Concat(Enumerable.Repeat("1,", 2_000_000)) + "1")).ShouldBeAProblem(413);

        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_item_has_a_bounded_number_of_tokens_and_bytes()
    {
        var many = $$"""{"id":"m","body":[{{string.Concat(Enumerable.Repeat("1,", 10_000))}}1]}""";
        var large = $$"""{"id":"m","contentType":"{{new string('x', 7 * 1024 * 1024)}}"}""";
        var few = $$"""{"id":"m","body":[{{string.Concat(Enumerable.Repeat("1,", 9_000))}}1]}""";
        foreach (var (wrong, id) in new[] { (many, "b"), (large, "c") })
        {
            (await SendAsync(false, """{"id":"a"}""", wrong)).ShouldBeAProblem(413);
            Statuses(await SendAsync(true, wrong, $$"""{"id":"{{id}}"}""")).ShouldBe([413, 201]);
        }

        Statuses(await SendAsync(false, """{"id":"d"}""", few)).ShouldBe([201, 400]);
        (await IdsAsync(Queue)).ShouldBe(["b", "c", "d"]);
    }

    [Fact]
    public async Task A_string_that_is_no_body_has_at_most_64_kib()
    {
        var answer = await SendAsync(
            true,
            $$"""{"id":"m","ifMatch":"{{string.Concat(Enumerable.Repeat("\\\"a\\\",", 20_000))}}"}""",
            $$"""{"id":"m","op":"{{new string('x', 65_536)}}"}""");

        Statuses(answer).ShouldBe([400, 400]);
    }

    [Fact]
    public async Task A_precondition_has_at_most_32_tags()
    {
        var tags = string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"{i}\""));
        var fewer = tags[..tags.LastIndexOf(',')];
        var item = $$"""{"id":"m","ifMatch":"{{tags.Replace("\"", "\\\"")}}"}""";

        Statuses(await SendAsync(true, item, item.Replace(",\\\"32\\\"", ""))).ShouldBe([400, 412]);
        (await PutAsync($"{Queue}/m", "x", ("If-Match", tags))).ShouldRefuse("If-Match");
        (await PutAsync($"{Queue}/m", "x", ("If-None-Match", tags))).ShouldRefuse("If-None-Match");
        (await PutAsync($"{Queue}/m", "x", ("If-Match", fewer))).ShouldBeAProblem(412);
    }

    [Fact]
    public async Task A_batch_wakes_who_waits()
    {
        await using var waiter = await ConnectAsync();
        var answer = waiter.SendAsync("POST", $"{Queue}?detail=id&limit=1&hide=60&wait=33");
        await Time.BegunAsync(TimeSpan.FromSeconds(33));

        await SendAsync(true, """{"id":"m"}""");

        (await answer).ShouldBeJson("""["m"]""");
    }

    private Task<RawAnswer> SendAsync(bool lines, params string[] items) => SendAsync(lines, items, []);

    private Task<RawAnswer> SendAsync(bool lines, string[] items, params (string, string)[] headers) => SendAsync(
        "POST",
        $"/batch/{Account}/q",
        Encoding.UTF8.GetBytes(lines ? string.Join('\n', items) : $"[{string.Join(',', items)}]"),
        [("Content-Type", lines ? NdJson : "application/json"), .. headers]);

    private static int[] Statuses(RawAnswer answer)
    {
        (answer.Status, answer.ContentType).ShouldBe((200, "application/json"));
        return [.. answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32())];
    }
}

public sealed class MemoryBatchTests(MemoryServer server) : BatchTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteBatchTests(SqliteServer server) : BatchTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppBatchTests(FunctionAppServer server) : BatchTests(server);

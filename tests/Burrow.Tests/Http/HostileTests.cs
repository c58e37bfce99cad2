using System.Text;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>
/// Requests that no honest client sends, or that a router, a parser or a server takes for another request than was meant.
/// </summary>
public sealed class HostileTests : IAsyncLifetime
{
    private LocalServer server = null!;
    private RawHttp raw = null!;

    public async ValueTask InitializeAsync()
    {
        server = await LocalServer.StartAsync(new MemoryTableStore());
        raw = await RawHttp.ConnectAsync(server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await raw.DisposeAsync();
        await server.DisposeAsync();
    }

    [Theory]
    [InlineData("get", "/", "GET, HEAD")]
    [InlineData("Head", "/v1.0", "GET, HEAD, DELETE")]
    [InlineData("delete", "/v1.0/a", "GET, HEAD, DELETE")]
    [InlineData("delete", "/v1.0/a/q", "GET, HEAD, POST, DELETE")]
    [InlineData("put", "/v1.0/a/q/m", "GET, HEAD, PUT, POST, DELETE")]
    [InlineData("Post", "/batch/a/q", "POST")]
    public async Task A_method_in_other_letters_is_another_method(string method, string target, string allow)
    {
        await raw.SendAsync("PUT", "/v1.0/a/q/m", []);

        var answer = await raw.SendAsync(method, target, []);

        (answer.Status, answer.Headers["Allow"]).ShouldBe((405, allow));
        (await raw.SendAsync("GET", "/v1.0/a/q/m")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_hash_is_part_of_a_name_as_no_fragment_is_ever_sent()
    {
        await raw.SendAsync("PUT", "/v1.0/a/q/m#1", []);
        await raw.SendAsync("PUT", "/v1.0/a/q/m#2", []);

        (await raw.SendAsync("GET", "/v1.0/a/q?detail=id")).Text.ShouldBe("""["m#1","m#2"]""");
        (await raw.SendAsync("DELETE", "/v1.0/a#b")).Status.ShouldBe(404);
        (await raw.SendAsync("GET", "/v1.0/a/q/m%231")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("/v1.0/a/q/..", 400)]
    [InlineData("/v1.0/a/q/%2E%2e", 400)]
    [InlineData("/v1.0/./q", 400)]
    [InlineData("/batch/a/..", 400)]
    [InlineData("/batch/./q", 400)]
    [InlineData("/elsewhere/..", 400)]
    [InlineData("/elsewhere", 404)]
    public async Task Dots_are_no_names_wherever_they_can_be_seen(string target, int status) =>
        (await raw.SendAsync("POST", target, [])).Status.ShouldBe(status);

    [Fact]
    public async Task The_root_in_absolute_form_is_the_root_whatever_its_query() =>
        (await raw.SendAsync("GET", $"{server.Address.GetLeftPart(UriPartial.Authority)}?x=/v1.0/a")).Text.ShouldBe("""["v1.0"]""");

    [Theory]
    [InlineData("FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")]
    [InlineData("zz\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhelloXX\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nTrailer: \u00bf\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nTrailer: \0\r\n\r\n")]
    public async Task Chunks_that_make_no_sense_are_400_and_store_nothing(string chunks)
    {
        await raw.SendBytesAsync(Encoding.Latin1.GetBytes(
            $"PUT /v1.0/a/q/m HTTP/1.1\r\nHost: {server.Address.Authority}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));

        (await raw.ReadAsync("PUT")).Status.ShouldBe(400);
        (await server.Http.GetAsync(
            "v1.0/a/q/m", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_transfer_encoding_that_is_not_decoded_is_415()
    {
        await raw.SendBytesAsync(Encoding.ASCII.GetBytes(
            $"PUT /v1.0/a/q/m HTTP/1.1\r\nHost: {server.Address.Authority}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
            + $"5\r\nhello\r\n0\r\n\r\n"));

        var answer = await raw.ReadAsync("PUT");
        answer.Status.ShouldBe(415);
        (answer.Headers.ContainsKey("Accept"), answer.Headers.ContainsKey("Accept-Encoding")).ShouldBe((false, false));
    }

    [Theory]
    [InlineData("""{"id":"n","\ud800":1}""")]
    [InlineData("""{"\udc00x":1,"id":"n"}""")]
    [InlineData("""{"i\ud800":1,"id":"n"}""")]
    [InlineData("""{"id":"n","body":"\ud800"}""")]
    [InlineData("""{"id":"n","bdoy":"typo"}""")]
    [InlineData("""{"op":"update","id":"n","body":"not for update"}""")]
    [InlineData("""[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]""")]
    [InlineData("""{"id":"n","ttl":1e-3}""")]
    [InlineData("""{"id":"n","ttl":"60"}""")]
    [InlineData("null")]
    public async Task A_batch_item_that_makes_no_sense_spoils_only_itself(string item)
    {
        var answer = await raw.SendAsync(
            "POST",
            "/batch/a/q",
            Encoding.UTF8.GetBytes($$"""{"id":"before"}""" + $"\n{item}\n" + """{"id":"after"}"""),
            ("Content-Type", "application/x-ndjson"));

        answer.Status.ShouldBe(200);
        var statuses =
            System.Text.Json.JsonDocument.Parse(answer.Body).RootElement.EnumerateArray().Select(
                one => one.GetProperty("status").GetInt32());
        statuses.ShouldBe([201, 400, 201]);
        (await raw.SendAsync("GET", "/v1.0/a/q?detail=id")).Text.ShouldBe("""["before","after"]""");
    }

    [Theory]
    [InlineData("application/json; charset=\"utf-8\"", "[{\"id\":\"m\"}]")]
    [InlineData("application/json;charset=UTF-8", "\uFEFF[{\"id\":\"m\"}]")]
    [InlineData("Application/X-NDJSON", "\uFEFF{\"id\":\"m\"}\r\n\r\n")]
    public async Task A_batch_may_begin_with_a_byte_order_mark_and_quote_its_charset(string contentType, string body)
    {
        var answer = await raw.SendAsync("POST", "/batch/a/q", Encoding.UTF8.GetBytes(body), ("Content-Type", contentType));

        answer.Text.ShouldStartWith("""[{"id":"m","status":201""");
    }

    [Theory]
    [InlineData("?junk=%FF")]
    [InlineData("?%FF=1")]
    [InlineData("?Limit=x&=&&&?")]
    public async Task What_is_no_parameter_here_is_ignored_whatever_it_holds(string query)
    {
        await raw.SendAsync("PUT", "/v1.0/a/q/m", []);

        (await raw.SendAsync("GET", "/v1.0/a/q" + query)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Not_modified_has_the_length_of_what_was_not_sent()
    {
        await raw.SendAsync("PUT", "/v1.0/a/q/m?ttl=0", "hello"u8.ToArray());
        var full = await raw.SendAsync("GET", "/v1.0/a/q/m");

        var answer = await raw.SendAsync("GET", "/v1.0/a/q/m", null, ("If-None-Match", full.Headers["ETag"]));

        answer.Status.ShouldBe(304);
        answer.Headers["Content-Length"].ShouldBe(full.Headers["Content-Length"]);
        answer.Headers["ETag"].ShouldBe(full.Headers["ETag"]);
        (await raw.SendAsync("GET", "/")).Text.ShouldBe("""["v1.0"]""");
    }
}

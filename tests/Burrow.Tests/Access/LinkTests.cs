using Burrow.Tests.Support;

namespace Burrow.Tests.Access;

/// <summary>What links allow, and which links a caller can make.</summary>
public sealed class LinkTests : IAsyncLifetime
{
    private const string Until = "\"expires\":\"2100-01-01T00:00:00Z\"";

    private AccessServer server = null!;

    public async ValueTask InitializeAsync() => server = await AccessServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_worker_s_link_claims_as_often_as_it_likes_but_just_so()
    {
        foreach (var id in (string[])["1", "2", "3"])
            await server.SendAsync(server.Admin, "PUT", $"/v1.0/a/jobs/{id}?ttl=0", id);
        var link = await server.MakeLinkAsync(
            server.Admin,
            $$$"""{"method":"POST","queue":"jobs","parameters":{"limit":"1","hide":"60","detail":"all","wait":null},{{{Until}}}}""");

        (await server.SendAsync(null, "POST", link)).Json[0].GetProperty("id").GetString().ShouldBe("1");
        (await server.SendAsync(null, "POST", link + "&wait=1")).Json[0].GetProperty("id").GetString().ShouldBe("2");
        (await server.SendAsync(null, "POST", link.Replace("limit=1&", ""))).ShouldBeAProblem(403);
        (await server.SendAsync(null, "POST", link.Replace("limit=1&", "limit=2&"))).ShouldBeAProblem(403);
        (await server.SendAsync(null, "POST", link + "&limit=2")).ShouldBeAProblem(403);
        (await server.SendAsync(null, "POST", link + "&match_hidden=true")).ShouldBeAProblem(403);
        (await server.SendAsync(null, "GET", link)).ShouldBeAProblem(403);
        (await server.SendAsync(null, "POST", link + "&unknown=1")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_form_adds_only_the_parameters_that_the_link_allows()
    {
        await server.SendAsync(server.Admin, "PUT", "/v1.0/a/jobs/1?ttl=0", "1");
        var link = await server.MakeLinkAsync(
            server.Admin, $$$"""{"method":"POST","queue":"jobs","parameters":{"hide":"60","detail":null},{{{Until}}}}""");
        var form = ("Content-Type", "application/x-www-form-urlencoded");

        (await server.SendAsync(null, "POST", link, "match_hidden=true", form)).ShouldBeAProblem(403);
        (await server.SendAsync(null, "POST", link, "ttl=0", form)).ShouldBeAProblem(403);
        (await server.SendAsync(null, "POST", link + "&detail=id", "hide=0&detail=none", form)).Strings.ShouldBe(["1"]);
        (await server.SendAsync(server.Admin, "GET", "/v1.0/a/jobs/1")).Json.GetProperty("hide").GetInt32().ShouldBe(60);
    }

    [Fact]
    public async Task Names_and_values_of_any_text_are_escaped()
    {
        var link = await server.MakeLinkAsync(
            server.Admin, $$$"""{"method":"PUT","queue":"ä/ö","id":"?&#%","parameters":{"ttl":"60"},{{{Until}}}}""", account: "%20");
        (await server.SendAsync(null, "PUT", link, "x")).Status.ShouldBe(201);
        var read = await server.MakeLinkAsync(
            server.Admin, $$$"""{"method":"GET","queue":"ä/ö","parameters":{"marker":"a b+c&d"},{{{Until}}}}""", account: "%20");
        (await server.SendAsync(null, "GET", read)).Json[0].GetProperty("id").GetString().ShouldBe("?&#%");
        (await server.SendAsync(null, "HEAD", read)).Status.ShouldBe(200);

        var slash = await server.MakeLinkAsync(
            server.Admin, $$$"""{"method":"PUT","queue":"a%2Fb","id":"c%2fd","parameters":{"ttl":"60"},{{{Until}}}}""");
        slash.ShouldStartWith("/v1.0/a/a%2Fb/c%2Fd?");
        (await server.SendAsync(null, "PUT", slash, "x")).Status.ShouldBe(201);
        (await server.SendAsync(null, "PUT", slash.Replace("%2F", "%252F"), "x")).Status.ShouldBe(200);
        (await server.SendAsync(
            server.Admin, "POST", "/links/a", $$"""{"method":"GET","queue":"q","id":"%FF",{{Until}}}""")).ShouldBeAProblem(400);
    }

    [Fact]
    public async Task It_does_what_its_maker_may_and_no_more()
    {
        var key = await server.MakeKeyAsync("lead", "manage read receive", "orders-*");
        (await server.SendAsync(key, "POST", "/links/a", $$"""{"method":"DELETE","queue":"orders-1",{{Until}}}""")).ShouldBeAProblem(403);
        (await server.SendAsync(
            key,
            "POST",
            "/links/a",
            $$$"""{"method":"DELETE","queue":"orders-1","parameters":{"detail":null},{{{Until}}}}""")).ShouldBeAProblem(403);
        (await server.SendAsync(
            key, "POST", "/links/a", $$"""{"method":"PUT","queue":"orders-1","id":"m",{{Until}}}""")).ShouldBeAProblem(403);
        (await server.SendAsync(key, "POST", "/links/a", $$"""{"method":"GET","queue":"others",{{Until}}}""")).ShouldBeAProblem(403);
        var expiring = await server.MakeKeyAsync("soon", "manage read", expires: "2026-01-03T00:00:00Z");
        (await server.SendAsync(expiring, "POST", "/links/a", $$"""{"method":"GET","queue":"orders-1",{{Until}}}""")).ShouldBeAProblem(403);
        // A key that may only delete makes no link that returns messages.
        var deleter = await server.MakeKeyAsync("deleter", "manage delete");
        (await server.SendAsync(
            deleter,
            "POST",
            "/links/a",
            $$$"""{"method":"DELETE","queue":"orders-1","parameters":{"detail":"all"},{{{Until}}}}""")).ShouldBeAProblem(403);
        await server.MakeLinkAsync(deleter, $$"""{"method":"DELETE","queue":"orders-1",{{Until}}}""");
    }

    [Fact]
    public async Task It_ends_at_its_instant()
    {
        var link = await server.MakeLinkAsync(server.Admin, """{"method":"GET","queue":"q","expires":"2026-01-02T03:05:05Z"}""");
        server.Time.Advance(TimeSpan.FromSeconds(59));
        (await server.SendAsync(null, "GET", link)).Status.ShouldBe(404);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        (await server.SendAsync(null, "GET", link)).ShouldBeAProblem(401);
    }

    [Fact]
    public async Task What_is_signed_for_one_message_is_not_signed_for_other_names_that_read_alike()
    {
        var link = await server.MakeLinkAsync(server.Admin, $$"""{"method":"GET","queue":"q","id":"1",{{Until}}}""");
        var (text, mac) = (link.Split("st=")[1].Split('.')[0], link.Split('.')[^1]);
        // The names move: the account into the terms, the queue into the place of the account, and so on.
        (await server.SendAsync(null, "GET", $"/v1.0/q/1?st={text}%00a.{mac}")).ShouldBeAProblem(401);
        foreach (var odd in (string[])[
            "", ".", "..", "%00.%00", "x.y.z", $"{text}=.{mac}", $"{text}.{mac}.", $" {text}.{mac}", $"{text}.{mac.ToUpperInvariant()}"])
        {
            (await server.SendAsync(null, "GET", $"/v1.0/a/q/1?st={odd.Replace(" ", "%20")}")).ShouldBeAProblem(401);
        }
    }

    [Fact]
    public async Task One_that_is_too_long_for_servers_is_not_made() =>
        (await server.SendAsync(
            server.Admin,
            "POST",
            "/links/a",
            $$$"""{"method":"GET","queue":"q","parameters":{"marker":"{{{new string('x', 6000)}}}"},{{{Until}}}}""")).ShouldRefuse(
                "parameters");

    [Theory]
    [InlineData("""{"queue":"q","expires":"2100-01-01T00:00:00Z"}""", "method")]
    [InlineData("""{"method":"HEAD","queue":"q","expires":"2100-01-01T00:00:00Z"}""", "method")]
    [InlineData("""{"method":"GET","expires":"2100-01-01T00:00:00Z"}""", "queue")]
    [InlineData("""{"method":"GET","queue":"..","expires":"2100-01-01T00:00:00Z"}""", "queue")]
    [InlineData("""{"method":"PUT","queue":"q","expires":"2100-01-01T00:00:00Z"}""", "id")]
    [InlineData("""{"method":"GET","queue":"q","id":"","expires":"2100-01-01T00:00:00Z"}""", "id")]
    [InlineData("""{"method":"GET","queue":"q"}""", "expires")]
    [InlineData("""{"method":"GET","queue":"q","expires":"2026-01-02T03:04:05Z"}""", "expires")]
    [InlineData("""{"method":"GET","queue":"q","parameters":{"st":"x"},"expires":"2100-01-01T00:00:00Z"}""", "parameters")]
    [InlineData("""{"method":"GET","queue":"q","parameters":["limit"],"expires":"2100-01-01T00:00:00Z"}""", "parameters")]
    [InlineData("""{"method":"GET","queue":"q","parameters":{"limit":1},"expires":"2100-01-01T00:00:00Z"}""", "limit")]
    [InlineData("""{"method":"GET","queue":"q","forever":true}""", "body")]
    [InlineData("""{"method":"GET","method":"PUT","queue":"q","expires":"2100-01-01T00:00:00Z"}""", "method")]
    [InlineData("""{"method":"GET","queue":"q","parameters":{"ttl":"1","ttl":"2"},"expires":"2100-01-01T00:00:00Z"}""", "parameters")]
    [InlineData("""{"method":"GET","queue":"q","parameters":{},"parameters":{},"expires":"2100-01-01T00:00:00Z"}""", "parameters")]
    public async Task What_is_wrong_with_a_link_is_named(string body, string parameter) =>
        (await server.SendAsync(server.Admin, "POST", "/links/a", body)).ShouldRefuse(parameter);
}

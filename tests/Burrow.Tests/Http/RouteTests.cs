using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>The paths that exist, and the methods that each accepts (docs/reference/api.md).</summary>
public abstract class RouteTests(ServerFixture server) : ProtocolTests(server)
{
    private static readonly string[] DeclaredMethods = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE"];

    private IEnumerable<string> Methods => IsBehindHost ? DeclaredMethods : [.. DeclaredMethods, "FOO"];

    [Fact]
    public async Task The_root_answers_exactly_the_versions()
    {
        (await GetAsync("/")).ShouldBeJson("""["v1.0"]""");
        (await GetAsync("/?limit=x&detail=y")).ShouldBeJson("""["v1.0"]""");
        var head = await SendAsync("HEAD", "/");
        (head.Status, head.ContentType, head.Headers["Content-Length"]).ShouldBe((200, "application/json", "8"));
    }

    [Theory]
    [InlineData("/", "GET, HEAD")]
    [InlineData("/v1.0", "GET, HEAD, DELETE")]
    [InlineData("/v1.0/{account}", "GET, HEAD, DELETE")]
    [InlineData("/v1.0/{account}/q", "GET, HEAD, POST, DELETE")]
    [InlineData("/v1.0/{account}/q/m", "GET, HEAD, PUT, POST, DELETE")]
    [InlineData("/batch/{account}/q", "POST")]
    public async Task A_route_serves_its_methods_and_refuses_all_others_saying_which_are_allowed(string route, string allowed)
    {
        var target = route.Replace("{account}", Account, StringComparison.Ordinal);
        foreach (var method in Methods)
        {
            await PutAsync($"{Queue}/m");
            var answer = await SendAsync(
                method, target, method is "PUT" or "POST" ? [] : null, ("Content-Type", "application/x-ndjson"));

            if (allowed.Split(", ").Contains(method))
            {
                answer.Status.ShouldBe(200, $"{method} {target}");
            }
            else
            {
                answer.Status.ShouldBe(405, $"{method} {target}");
                answer.Headers["Allow"].Split(',', StringSplitOptions.TrimEntries).ShouldBe(allowed.Split(", "), ignoreOrder: true);
                (await IdsAsync(Queue)).ShouldBe(["m"], $"{method} {target}");
            }
        }
    }

    [Theory]
    [InlineData("/v1.0/")]
    [InlineData("/v1.0/{account}/")]
    [InlineData("/v1.0/{account}/q/")]
    [InlineData("/v1.0/{account}/q/m/")]
    [InlineData("/v1.0/{account}/q/m/n")]
    [InlineData("/v1.0/{account}/q/m/n/")]
    [InlineData("/v1.0//q")]
    [InlineData("/v1.0//q/m")]
    [InlineData("/v1.0/{account}//m")]
    [InlineData("/v1.0/{account}//")]
    [InlineData("/v1.0/{account}/q//")]
    [InlineData("/v1.0//{account}")]
    [InlineData("//")]
    [InlineData("//v1.0")]
    [InlineData("//v1.0/{account}/q/m")]
    [InlineData("/V1.0")]
    [InlineData("/V1.0/{account}")]
    [InlineData("/V1.0/{account}/q")]
    [InlineData("/V1.0/{account}/q/m")]
    [InlineData("/v1")]
    [InlineData("/v1.1/{account}/q/m")]
    [InlineData("/v2.0")]
    [InlineData("/{account}/q/m")]
    [InlineData("/favicon.ico")]
    [InlineData("/index.html")]
    [InlineData("/api/v1.0")]
    [InlineData("/batch")]
    [InlineData("/batch/")]
    [InlineData("/batch/{account}")]
    [InlineData("/batch/{account}/")]
    [InlineData("/batch/{account}/q/")]
    [InlineData("/batch/{account}/q/m")]
    [InlineData("/batch//q")]
    [InlineData("/Batch/{account}/q")]
    public async Task Any_other_path_is_404_whatever_the_method(string path)
    {
        await PutAsync($"{Queue}/m");
        var target = path.Replace("{account}", Account, StringComparison.Ordinal);

        foreach (var method in Methods)
        {
            (await SendAsync(method, target)).Status.ShouldBe(404, $"{method} {target}");
            (await SendAsync(method, target + "?match_hidden=true&detail=all")).Status.ShouldBe(404, $"{method} {target}");
        }

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Theory]
    [InlineData("/v1.0/{account}/q/.")]
    [InlineData("/v1.0/{account}/q/..")]
    [InlineData("/v1.0/{account}/q/%2e")]
    [InlineData("/v1.0/{account}/q/%2e%2e")]
    [InlineData("/v1.0/{account}/q/.%2E")]
    [InlineData("/v1.0/{account}/.")]
    [InlineData("/v1.0/{account}/..")]
    [InlineData("/v1.0/{account}/%2E%2e")]
    [InlineData("/v1.0/.")]
    [InlineData("/v1.0/..")]
    [InlineData("/v1.0/%2e")]
    [InlineData("/v1.0/../{account}/q")]
    [InlineData("/v1.0/./q/m")]
    [InlineData("/v1.0/{account}/../m")]
    [InlineData("/v1.0/%2e%2e/q/m")]
    [InlineData("/batch/{account}/..")]
    [InlineData("/batch/{account}/%2e")]
    [InlineData("/batch/../q")]
    public async Task Dot_segments_are_no_names(string path)
    {
        await PutAsync($"{Queue}/m");
        var target = path.Replace("{account}", Account, StringComparison.Ordinal);

        foreach (var method in Methods)
        {
            // The router resolves the dots first. Where the result leads to no function, Burrow cannot see the dots.
            if (await SendWithDotsAsync(method, target) is { } answer)
                answer.Status.ShouldBeOneOf([400, 404], $"{method} {target}");
        }

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Theory]
    [InlineData("/v1.0/{account}/q/..")]
    [InlineData("/v1.0/{account}/q/%2e%2E")]
    [InlineData("/v1.0/{account}/q/.")]
    [InlineData("/v1.0/{account}/..")]
    [InlineData("/v1.0/..")]
    public async Task A_dot_segment_that_would_lead_to_another_resource_is_400(string path)
    {
        await PutAsync($"{Queue}/m");

        foreach (var method in Methods.Except(["HEAD"]))
            (await SendWithDotsAsync(method, path.Replace("{account}", Account, StringComparison.Ordinal)))?.ShouldBeAProblem(400);

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Theory]
    [InlineData("...")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("..a")]
    [InlineData("%2e%2e%2e")]
    [InlineData("a%2F..%2Fb")]
    [InlineData("%2F")]
    public async Task Dots_within_a_name_are_nothing_special(string id)
    {
        (await PutAsync($"{Queue}/{id}", "x")).Status.ShouldBe(201);

        (await GetAsync($"{Queue}/{id}?detail=body")).Text.ShouldBe("x");
        (await IdsAsync(Queue)).ShouldBe([Uri.UnescapeDataString(id)]);
    }

    [Fact]
    public async Task Targets_in_absolute_form_are_served_alike()
    {
        (await PutAsync($"{Origin}{Queue}/a%20b%25", "x")).Status.ShouldBe(201);

        (await GetAsync($"{Origin}{Queue}/a%20b%25?detail=body")).Text.ShouldBe("x");
        (await GetAsync($"{Origin}{Queue}?detail=id")).ShouldBeJson("""["a b%"]""");
        (await GetAsync($"{Origin}/")).ShouldBeJson("""["v1.0"]""");
        (await GetAsync(Origin)).ShouldBeJson("""["v1.0"]""");
        (await DeleteAsync($"{Origin}{Queue}/")).Status.ShouldBe(404);
        (await DeleteAsync($"{Origin}{Queue}/%2e%2e")).Status.ShouldBe(IsBehindHost ? 404 : 400);
        (await DeleteAsync($"{Origin}{Queue}/..")).Status.ShouldBe(IsBehindHost ? 404 : 400);
        (await SendAsync("FOO", $"{Origin}{Queue}")).Status.ShouldBe(IsBehindHost ? 404 : 405);
        (await IdsAsync(Queue)).ShouldBe(["a b%"]);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1.0")]
    [InlineData("/v1.0?detail=all")]
    [InlineData("/v1.0/{account}")]
    [InlineData("/v1.0/{account}/q")]
    [InlineData("/v1.0/{account}/q?detail=id&limit=1")]
    [InlineData("/v1.0/{account}/q?detail=none")]
    [InlineData("/v1.0/{account}/q?limit=x")]
    [InlineData("/v1.0/{account}/none")]
    [InlineData("/v1.0/{account}/q/m")]
    [InlineData("/v1.0/{account}/q/m?detail=body")]
    [InlineData("/v1.0/{account}/q/none")]
    [InlineData("/nowhere")]
    public async Task Head_answers_as_get_does_without_the_body(string path)
    {
        await PutAsync($"{Queue}/m", "some body", ("Content-Type", "text/x"));
        await PutAsync($"{Queue}/n");
        var target = path.Replace("{account}", Account, StringComparison.Ordinal);

        var get = await GetAsync(target);
        var head = await SendAsync("HEAD", target);

        head.Status.ShouldBe(get.Status);
        head.Headers.Where(header => header.Key != "Date").ShouldBe(get.Headers.Where(header => header.Key != "Date"), ignoreOrder: true);
        // No bytes are left on the connection.
        (await GetAsync("/")).Status.ShouldBe(200);
    }

    /// <summary>
    /// Sends a request with dot segments in its path. The Functions host resolves them and passes on the result, so the answer is that
    /// of another path.
    /// </summary>
    /// <returns>The answer; null: it is that of another path.</returns>
    private async Task<RawAnswer?> SendWithDotsAsync(string method, string target)
    {
        var body = method is "PUT" or "POST" ? "[]"u8.ToArray() : null;
        if (!IsBehindHost)
            return await SendAsync(method, target, body);
        await using var http = await ConnectAsync();
        (await http.SendAsync(method, target, body)).Status.ShouldBeInRange(200, 499, $"{method} {target}");
        return null;
    }
}

public sealed class MemoryRouteTests(MemoryServer server) : RouteTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteRouteTests(SqliteServer server) : RouteTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppOfFewAccounts))]
public sealed class FunctionAppRouteTests(FunctionAppServer server) : RouteTests(server);

using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Burrow.Local;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Azure.Functions.Worker;

namespace Burrow.Tests.Local;

/// <summary>The local process's pages, in a browser, and the headers that they have.</summary>
public sealed class ConsoleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_browser_the_console_does_all_that_it_offers_and_nothing_that_a_body_asks_it_to()
    {
        await using var burrow = await BurrowProcess.StartAsync(
            "memory", new Dictionary<string, string?> { ["EventGrid__Speed"] = "100" }, null, int.MaxValue);
        var reference = await burrow.Http.GetFromJsonAsync<JsonElement>("openapi.json", Token);
        var operation = reference.GetProperty("paths").GetProperty("/v1.0").GetProperty("get").GetProperty("summary").GetString()!;

        await BrowserScript.RunAsync("console.mjs", burrow.Address, _ => { }, operation);
    }

    [Fact]
    public async Task The_consoles_policy_names_the_script_and_the_style_that_are_in_it_and_allows_no_other()
    {
        await using var server = await LocalServer.StartAsync(new MemoryTableStore());

        using var answer = await server.Http.GetAsync("console", Token);

        var html = await answer.Content.ReadAsStringAsync(Token);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single().Split("; ");
        policy.ShouldBe(
        [
            "default-src 'none'",
            $"script-src '{HashOf("script")}'",
            $"style-src '{HashOf("style")}'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
        ]);
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        answer.Headers.GetValues("Cache-Control").ShouldBe(["no-store"]);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        answer.Headers.GetValues("Cross-Origin-Resource-Policy").ShouldBe(["same-origin"]);
        html.ShouldNotContain(" style=");
        html.ShouldNotContain("innerHTML");
        html.ShouldNotContain("://");

        string HashOf(string element) =>
            "sha256-" + Convert.ToBase64String(
                SHA256.HashData(
                    Encoding.UTF8.GetBytes(
                        Regex.Matches(html, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline).Single().Groups[1].Value)));
    }

    [Theory]
    [InlineData("/docs")]
    [InlineData("/docs/")]
    public async Task The_API_reference_comes_from_this_process_alone_and_runs_scripts_of_this_answer_alone(string path)
    {
        await using var server = await LocalServer.StartAsync(new MemoryTableStore());

        using var one = await server.Http.GetAsync(path, Token);
        using var other = await server.Http.GetAsync(path, Token);

        var html = await one.Content.ReadAsStringAsync(Token);
        var policy = one.Headers.GetValues("Content-Security-Policy").Single();
        var nonce = Regex.Match(policy, "script-src 'self' 'nonce-([0-9a-f]{32})';").Groups[1].Value;
        nonce.ShouldNotBeEmpty();
        html.ShouldContain($"nonce=\"{nonce}\"");
        html.ShouldContain("openapi.json");
        html.ShouldNotContain("://");
        using var script = await server.Http.GetAsync("/docs/scalar.js", Token);
        script.Headers.GetValues("Cross-Origin-Resource-Policy").ShouldBe(["same-origin"]);
        policy.ShouldContain("default-src 'none'");
        policy.ShouldContain("connect-src 'self'");
        policy.ShouldContain("frame-ancestors 'none'");
        other.Headers.GetValues("Content-Security-Policy").Single().ShouldNotContain(nonce);
        one.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        one.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"]);
        one.Headers.GetValues("Cross-Origin-Resource-Policy").ShouldBe(["same-origin"]);
    }

    [Theory]
    [InlineData("GET", "/console", "evil.example", 421)]
    [InlineData("GET", "/docs/", "evil.example", 421)]
    [InlineData("GET", "/console/deliveries/a", "evil.example", 421)]
    [InlineData("GET", "/console/deliveries/a", "localhost", 200)]
    [InlineData("HEAD", "/console", "localhost", 200)]
    [InlineData("POST", "/console", "localhost", 405)]
    [InlineData("GET", "/console/nothing", "localhost", 404)]
    [InlineData("GET", "/console/deliveries/a/b", "localhost", 404)]
    public async Task The_pages_are_answered_to_whom_all_else_is(string method, string target, string host, int status)
    {
        await using var server = await LocalServer.StartAsync(new MemoryTableStore());
        await using var raw = await RawHttp.ConnectAsync(server.Address);

        (await raw.SendAsync(method, target, null, ("Host", host))).Status.ShouldBe(status);
    }

    [Fact]
    public void The_pages_are_no_part_of_what_is_deployed() =>
        Triggers.All.Select(function => function.Trigger)
            .OfType<HttpTriggerAttribute>()
            .ShouldAllBe(trigger => !trigger.Route!.StartsWith("console") && !trigger.Route!.StartsWith("docs"));

    [Fact]
    public async Task Deliveries_are_told_to_keys_that_may_subscribe_to_all_queues()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var access = await AccessServer.StartAsync();
        var all = await access.MakeKeyAsync("all", "subscribe send");
        var some = await access.MakeKeyAsync("some", "subscribe", "orders*");
        var reader = await access.MakeKeyAsync("reader", "read receive send delete manage");
        var foreign = await access.MakeKeyAsync("foreign", "subscribe", account: "b");
        receiver.Status = 400;
        (await access.SendAsync(all, "PUT", "/subscriptions/a/hook", $$"""{"endpoint":"{{receiver.Url}}"}""")).Status.ShouldBe(201);
        await access.Time.AdvanceUntilAsync(SettledAsync(), TimeSpan.FromSeconds(1));
        foreach (var queue in (string[])["orders", "other%2Fone"])
            (await access.SendAsync(all, "PUT", $"/v1.0/a/{queue}/m", "x")).Status.ShouldBe(201);
        await receiver.WasSentAsync(2);

        var attempts = await TriedAsync(all, 2);
        attempts.ShouldAllBe(attempt => attempt.GetProperty("subscription").GetString() == "hook"
            && attempt.GetProperty("status").GetInt32() == 400
            && attempt.GetProperty("attempt").GetInt32() == 1 && attempt.GetProperty("result").GetString() == "BadRequest");
        attempts.Select(attempt => attempt.GetProperty("subject").GetString()).Order().ShouldBe(["orders/m", "other%2Fone/m"]);
        (await AskAsync(some)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await AskAsync(reader)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await AskAsync(foreign)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await AskAsync(null)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        async Task<HttpResponseMessage> AskAsync(string? key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "console/deliveries/a");
            request.Headers.Authorization = key is null ? null : new("Bearer", key);
            return await access.Server.Http.SendAsync(request, Token);
        }

        async Task<bool> SettledAsync()
        {
            while ((await access.SendAsync(all, "GET", "/subscriptions/a/hook")).Json.GetProperty("state").GetString() != "active")
                await Task.Delay(10, Token);
            return true;
        }

        // The process lists an attempt once it has read the receiver's response, which is after the receiver sent it.
        async Task<List<JsonElement>> TriedAsync(string key, int count)
        {
            while (true)
            {
                using var answer = await AskAsync(key);
                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                var tried = (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("attempts").EnumerateArray().ToList();
                if (tried.Count == count)
                    return tried;
                tried.Count.ShouldBeLessThan(count);
            }
        }
    }
}

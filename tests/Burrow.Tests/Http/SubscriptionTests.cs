using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Burrow.Events.Model;
using Burrow.Events.Subscriptions;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary><c>/subscriptions</c> over HTTP: what is accepted, shown and refused.</summary>
public sealed class SubscriptionTests : IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly MemoryTableStore store = new();
    private LocalServer server = null!;

    public async ValueTask InitializeAsync() => server = await LocalServer.StartAsync(store);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task One_is_new_then_the_same_and_shown_with_its_defaults()
    {
        using var created = await PutAsync("""{"endpoint":"http://127.0.0.1:9/hook"}""");
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var shown = await JsonAsync(created);
        shown.EnumerateObject().Select(member => member.Name).Except(["reason"]).ShouldBe(
            ["name", "source", "endpoint", "queues", "types", "headers", "maxAttempts", "eventTimeToLive", "state", "changed"]);
        shown.GetProperty("name").GetString().ShouldBe("hook");
        shown.GetProperty("source").GetString().ShouldBe(Topic.Of(new("shop")));
        shown.GetProperty("queues").GetString().ShouldBe("*");
        shown.GetProperty("types").EnumerateArray().Select(type => type.GetString()).ShouldBe(["Burrow.MessageCreated"]);
        shown.GetProperty("maxAttempts").GetInt32().ShouldBe(30);
        shown.GetProperty("eventTimeToLive").GetInt32().ShouldBe(1440);

        using var again = await PutAsync("""{"endpoint":"http://127.0.0.1:9/hook","queues":"*"}""");
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await server.Http.GetFromJsonAsync<JsonElement>("/subscriptions/shop", Token)).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_whole_number_may_be_written_in_any_way()
    {
        using var answer = await PutAsync("""{"endpoint":"http://127.0.0.1:9/hook","maxAttempts":7.0,"eventTimeToLive":6e1}""");
        var shown = await JsonAsync(answer);
        (shown.GetProperty("maxAttempts").GetInt32(), shown.GetProperty("eventTimeToLive").GetInt32()).ShouldBe((7, 60));
    }

    [Fact]
    public async Task Secrets_never_come_back()
    {
        var secret = SuiteLog.Whole.Keep("Bearer of-a-secret-that-is-never-shown");
        var query = SuiteLog.Whole.Keep("code=of-a-query-that-is-never-shown");
        var body = $$$"""{"endpoint":"http://127.0.0.1:9/hook?{{{query}}}","headers":{"Authorization":"{{{secret}}}"}""";
        using var put = await PutAsync($"{body}}}");
        using var again = await PutAsync($"{body}}}");
        using var wrong = await PutAsync($"{body},\"maxAttempts\":0}}");
        using var twice = await PutAsync($"{body},\"endpoint\":\"http://127.0.0.1:9/hook?{query}\"}}");
        var shown = await server.Http.GetStringAsync("/subscriptions/shop/hook", Token);
        using var deleted = await server.Http.DeleteAsync("/subscriptions/shop/hook", Token);
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        twice.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var answers = new List<string> { shown };
        foreach (var answer in new[] { put, again, wrong, twice, deleted })
            answers.Add(await answer.Content.ReadAsStringAsync(Token));
        foreach (var answer in answers.Where(answer => !answer.Contains("\"errors\"", StringComparison.Ordinal)))
        {
            answer.ShouldContain("\"headers\":[\"Authorization\"]");
            answer.ShouldContain("\"endpoint\":\"http://127.0.0.1:9/hook?***\"");
        }

        answers.ShouldAllBe(answer => !answer.Contains("never-shown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Secrets_are_not_stored_as_they_are()
    {
        var secret = SuiteLog.Whole.Keep("Bearer of-a-secret-that-is-never-stored");
        var query = SuiteLog.Whole.Keep("code=of-a-query-that-is-never-stored");
        (await PutAsync(
            $$$"""{"endpoint":"http://127.0.0.1:9/hook?{{{query}}}","headers":{"Authorization":"{{{secret}}}"}}""")).Dispose();

        foreach (var (table, partition, column) in new[]
        {
            ("subs", Burrow.Events.Model.Topic.Of(new("shop")), "sealed"),
            ("subs", Burrow.Events.Model.Topic.Of(new("shop")), "sealedEndpoint"),
            ("grid", "subscriptions", "json"),
        })
        {
            var row = (await store.Open(table).QueryAsync(partition, new("!", "~"), Token)).Rows.Single();
            row.Columns.GetBytes(column).Length.ShouldBeGreaterThan(query.Length);
            foreach (var (_, value) in row.Columns)
                (value is byte[] bytes ? Encoding.Latin1.GetString(bytes) : $"{value}").ShouldNotContain("never-stored");
        }
    }

    [Fact]
    public async Task What_was_stored_before_queries_were_encrypted_is_shown_without_them_too()
    {
        var query = SuiteLog.Whole.Keep("code=of-an-older-row-that-is-not-shown");
        (await PutAsync($$"""{"endpoint":"http://127.0.0.1:9/hook?{{query}}"}""")).Dispose();
        var table = new SubscriptionTable(store, TimeProvider.System, Random.Shared);
        StoredSubscription? written = null;
        while (written is null)
        {
            var stored = (await table.GetAsync(new("shop"), new("hook"), Token))!;
            var older = stored.Subscription with
            {
                Spec = stored.Subscription.Spec with { Endpoint = new Uri($"http://127.0.0.1:9/hook?{query}") },
                SealedEndpoint = [],
                State = SubscriptionState.Failed,
                Reason = $"The handshake with http://127.0.0.1:9/hook?{query} failed: '{query}' is wrong.",
            };
            written = await table.WriteAsync(older, stored, Token);
        }

        var shown = await server.Http.GetStringAsync("/subscriptions/shop/hook", Token);

        shown.ShouldContain("\"endpoint\":\"http://127.0.0.1:9/hook?***\"");
        shown.ShouldContain("\"reason\":\"The handshake with http://127.0.0.1:9/hook?*** failed: '***' is wrong.\"");
    }

    [Fact]
    public async Task What_answers_show_of_an_endpoint_is_no_endpoint()
    {
        using var put = await PutAsync("""{"endpoint":"http://127.0.0.1:9/hook?code=abc"}""");
        var shown = (await JsonAsync(put)).GetProperty("endpoint").GetString();

        using var again = await PutAsync($$"""{"endpoint":"{{shown}}"}""");

        again.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await JsonAsync(again)).GetProperty("errors").EnumerateObject().Single().Name.ShouldBe("endpoint");
    }

    [Fact]
    public async Task A_deleted_one_is_gone()
    {
        (await PutAsync("""{"endpoint":"http://127.0.0.1:9/hook"}""")).Dispose();
        using var deleted = await server.Http.DeleteAsync("/subscriptions/shop/hook", Token);
        deleted.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await JsonAsync(deleted)).GetProperty("state").GetString().ShouldBe("deleting");

        (await server.Http.GetAsync("/subscriptions/shop/hook", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await server.Http.GetAsync("/subscriptions/shop", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await server.Http.DeleteAsync("/subscriptions/shop/hook", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    [InlineData("{}", "endpoint")]
    [InlineData("""{"endpoint":1}""", "endpoint")]
    [InlineData("""{"endpoint":"http://example.com/"}""", "endpoint")]
    [InlineData("""{"endpoint":"https://10.0.0.1/"}""", "endpoint")]
    [InlineData("""{"endpoint":"https://example.com/","url":""}""", "body")]
    [InlineData("""{"endpoint":"https://example.com/","queues":""}""", "queues")]
    [InlineData("""{"endpoint":"https://example.com/","queues":".."}""", "queues")]
    [InlineData("""{"endpoint":"https://example.com/","types":[]}""", "types")]
    [InlineData("""{"endpoint":"https://example.com/","types":["Burrow.Other"]}""", "types")]
    [InlineData("""{"endpoint":"https://example.com/","types":"Burrow.MessageCreated"}""", "types")]
    [InlineData("""{"endpoint":"https://example.com/","headers":{"Host":"a"}}""", "headers")]
    [InlineData("""{"endpoint":"https://example.com/","headers":{"X-A":""}}""", "headers")]
    [InlineData("""{"endpoint":"https://example.com/","headers":{"X-A":"a\r\nb"}}""", "headers")]
    [InlineData("""{"endpoint":"https://example.com/","headers":{"X-A":"1","x-a":"2"}}""", "headers")]
    [InlineData("""{"endpoint":"https://example.com/","headers":[]}""", "headers")]
    [InlineData("""{"endpoint":"https://example.com/","headers":{"X-Long":"long"}}""", "headers")]
    [InlineData("""{"endpoint":"https://example.com/","maxAttempts":0}""", "maxAttempts")]
    [InlineData("""{"endpoint":"https://example.com/","maxAttempts":31}""", "maxAttempts")]
    [InlineData("""{"endpoint":"https://example.com/","eventTimeToLive":1441}""", "eventTimeToLive")]
    [InlineData("""{"endpoint":"https://example.com/","queues":"\ud800"}""", "queues")]
    [InlineData("""{"endpoint":"https://example.com/","endpoint":"https://example.org/"}""", "endpoint")]
    [InlineData("""{"endpoint":"https://example.com/","maxAttempts":1.5}""", "maxAttempts")]
    public async Task What_is_wrong_is_named(string body, string parameter)
    {
        using var answer = await PutAsync(body.Replace("\"long\"", $"\"{new string('a', 4097)}\"", StringComparison.Ordinal));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await JsonAsync(answer)).GetProperty("errors").EnumerateObject().Single().Name.ShouldBe(parameter);
        (await server.Http.GetAsync("/subscriptions/shop", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("Hook")]
    [InlineData("a_b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_name_that_is_none_is_refused(string name)
    {
        using var answer = await server.Http.PutAsync(
            $"/subscriptions/shop/{name}", new StringContent("""{"endpoint":"https://example.com/"}"""), Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await JsonAsync(answer)).GetProperty("errors").EnumerateObject().Single().Name.ShouldBe("name");
    }

    [Fact]
    public async Task The_keys_are_shown()
    {
        using var answer = await server.Http.GetAsync("/.well-known/jwks.json", Token);
        answer.Content.Headers.ContentLength.ShouldNotBeNull();
        (await JsonAsync(answer)).GetProperty("keys").GetArrayLength().ShouldBe(1);
        (await server.Http.DeleteAsync("/.well-known/jwks.json", Token)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    private async Task<HttpResponseMessage> PutAsync(string body) =>
        await server.Http.PutAsync("/subscriptions/shop/hook", new StringContent(body, Encoding.UTF8, "application/json"));

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) => await answer.Content.ReadFromJsonAsync<JsonElement>();
}

using System.Net;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tests.Support;

namespace Burrow.Tests.Deploy;

/// <summary>The published function app in the small Functions host: routes, timers, restarts and stops.</summary>
public sealed class FunctionAppTests(Azurite azurite)
{
    private readonly string prefix = Stores.NewPrefix();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_serves_what_its_functions_declare_and_nothing_else()
    {
        await using var app = await StartAsync();

        (await PutAsync(app, "1")).ShouldBe(HttpStatusCode.Created);
        var claim = await app.Http.PostAsync("v1.0/a/q?hide=60&detail=all", null, Token);
        (await claim.Content.ReadAsStringAsync(Token)).ShouldBe("""[{"id":"1","ttl":0,"hide":60,"body":"body of 1"}]""");
        (await app.Http.DeleteAsync("v1.0/a/q/1", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await app.Http.GetAsync("v1.0/a/q", Token)).Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await app.Http.DeleteAsync("health", Token)).StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);

        foreach (var (method, path) in new[] { ("GET", "nonsense/x"), ("PURGE", "v1.0"), ("GET", "console") })
        {
            var answer = await app.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Token);
            (answer.StatusCode, answer.Content.Headers.ContentLength).ShouldBe((HttpStatusCode.NotFound, 0), $"{method} {path}");
        }
    }

    [Theory]
    [InlineData("Burrow__ExpirySchedule", null)]
    [InlineData("Burrow__ExpirySchedule", "* * * *")]
    [InlineData("Burrow__Events__ReconcileSchedule", "")]
    [InlineData("Burrow__Events__ReconcileSchedule", "each minute")]
    [InlineData("Burrow__Events__PublicUrl", null)]
    public async Task Without_a_setting_that_it_needs_it_does_not_start_and_names_it(string name, string? value)
    {
        await using var app = await FunctionApp.StartAsync(
            await azurite.ConnectionStringAsync(),
            prefix,
            [
                ("Burrow__Access__Mode", "Keys"),
                ("Burrow__Access__AllowAnyoneToReadAndDeleteEverything", null),
                ("Burrow__Access__AdminKeys", $"brw_admin-me_{new string('0', 64)}"),
                ("Burrow__Access__Secret", new string('s', 32)),
                ("Burrow__Events__PublicUrl", "https://burrow.example"),
                (name, value),
            ]);

        app.Address.ShouldBeNull(app.Output);
        app.Output.ShouldContain(name.Replace("__", ":"));
    }

    [Fact]
    public async Task Without_events_a_request_for_webhooks_is_501_and_names_the_setting()
    {
        await using var app = await StartAsync();

        var requests = new[] { ("GET", "subscriptions/a"), ("GET", "subscriptions/a/hook"), ("DELETE", "subscriptions/a/hook") };
        foreach (var (method, path) in requests)
        {
            var answer = await app.Http.SendAsync(new(new(method), path), Token);
            (answer.StatusCode, answer.Headers.RetryAfter).ShouldBe((HttpStatusCode.NotImplemented, null), $"{method} {path}");
            (await answer.Content.ReadAsStringAsync(Token)).ShouldContain("Burrow:Events:TopicEndpoint");
        }
    }

    [Fact]
    public async Task The_timer_removes_expired_messages_by_its_schedule()
    {
        await using var app = await StartAsync(("Burrow__ExpirySchedule", "* * * * * *"));
        var messages = AzureTableStore.Connect(await azurite.ConnectionStringAsync(), prefix).Open("messages");
        var partition = new QueueAddress(new("a"), new("q")).Partition;

        (await PutAsync(app, "stays")).ShouldBe(HttpStatusCode.Created);
        (await app.Http.PutAsync("v1.0/a/q/goes?ttl=1", new StringContent("x"), Token)).StatusCode.ShouldBe(HttpStatusCode.Created);
        // The rows by which messages are found by their ids: one for each message.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while ((await messages.QueryAsync(partition, new RowQuery("i!", "i!~"), Token)).Rows.Count != 1)
            await Task.Delay(TimeSpan.FromMilliseconds(50), patience.Token);
    }

    [Theory]
    [InlineData("Terminate")]
    [InlineData("Cancel")]
    public async Task Waiting_requests_end_with_404_when_the_host_stops(string message)
    {
        await using var app = await FunctionApp.StartAsync(
            await azurite.ConnectionStringAsync(), prefix, ["--stop", message], [("Burrow__Quotas__Waiting", "5")]);
        app.Address.ShouldNotBeNull(app.Output);
        var waiting = Enumerable.Range(0, 6).Select(_ => app.Http.GetAsync("v1.0/a/q?wait=100", Token)).ToList();
        // Five may wait. One gets 429 once the others do.
        var refused = await Task.WhenAny(waiting);
        (await refused).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        waiting.Remove(refused);
        await app.TerminateAsync();

        foreach (var answer in await Task.WhenAll(waiting))
            answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.ExitAsync()).ShouldBe(0, app.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopped_or_killed_and_started_again_it_has_every_message_that_it_acknowledged(bool isKilled)
    {
        var acknowledged = new List<string>();
        await using (var app = await StartAsync())
        {
            var enough = new TaskCompletionSource();
            var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(
                async () =>
                {
                    try
                    {
                        for (var i = 0; await PutAsync(app, $"{writer}-{i}") == HttpStatusCode.Created; i++)
                        {
                            lock (acknowledged)
                            {
                                acknowledged.Add($"{writer}-{i}");
                                if (acknowledged.Count == 100)
                                    enough.SetResult();
                            }
                        }
                    }
                    catch (HttpRequestException)
                    {
                        // The host is gone.
                    }
                },
                Token)).ToList();
            await enough.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
            await (isKilled ? app.KillAsync() : app.TerminateAsync());
            await Task.WhenAll(writers);
        }

        await using var again = await StartAsync();
        var there = await again.Http.GetStringAsync("v1.0/a/q?detail=id", Token);
        acknowledged.ShouldAllBe(id => there.Contains($"\"{id}\""));
    }

    private static async Task<HttpStatusCode> PutAsync(FunctionApp app, string id) =>
        (await app.Http.PutAsync($"v1.0/a/q/{id}?ttl=0", new StringContent($"body of {id}"))).StatusCode;

    private async Task<FunctionApp> StartAsync(params (string Name, string? Value)[] settings)
    {
        var app = await FunctionApp.StartAsync(await azurite.ConnectionStringAsync(), prefix, settings);
        app.Address.ShouldNotBeNull(app.Output);
        return app;
    }
}

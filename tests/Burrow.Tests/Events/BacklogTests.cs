using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Burrow.Events.Model;
using Burrow.Local.EventGrid;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Burrow.Tests.Events;

/// <summary>What the stand-in for Event Grid has open: how much it keeps of an account, and that it loses nothing.</summary>
public sealed class BacklogTests
{
    private static readonly string Shop = Topic.Of(new("shop"));
    private static readonly string Other = Topic.Of(new("other"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2_500, 10, 4)]
    [InlineData(16, 60_000, 70)]
    public async Task At_its_bound_it_takes_no_more_of_an_account_and_all_of_others(int inOneRequest, int bytes, int requests)
    {
        await using var failing = await WebhookReceiver.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        failing.Status = 503;
        await using var server = await LocalServer.StartAsync(new MemoryTableStore());
        await SubscribeAsync(server.Http, "shop", failing);
        await SubscribeAsync(server.Http, "other", receiver);

        var published = 0;
        HttpStatusCode status;
        while ((status = await PublishAsync(server, inOneRequest, bytes, Shop)) == HttpStatusCode.OK)
            published++;

        status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        published.ShouldBe(requests);
        // A request is taken as a whole or not at all.
        (await PublishAsync(server, 1, 10, Other, Shop)).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await PublishAsync(server, 1, 10, Other)).ShouldBe(HttpStatusCode.OK);
        await receiver.HasAsync(1);
        receiver.Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_says_why_and_when_to_come_again()
    {
        await using var failing = await WebhookReceiver.StartAsync();
        failing.Status = 503;
        await using var server = await LocalServer.StartAsync(new MemoryTableStore());
        await SubscribeAsync(server.Http, "shop", failing);
        for (var i = 0; i < 4; i++)
            await PublishAsync(server, 2_500, 10, Shop);

        using var answer = await SendAsync(server, 1, 10, Shop);

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(10));
        var error = (await answer.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("error");
        error.GetProperty("code").GetString().ShouldBe("TopicFull");
        error.GetProperty("message").GetString()!.ShouldStartWith($"{Shop} has 10000 open deliveries");
    }

    [Fact]
    public async Task What_is_open_is_counted_and_delivered_after_a_kill()
    {
        using var folder = new TemporaryFolder();
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 503;
        await using (var burrow = await StartAsync(folder, 20))
        {
            await SubscribeAsync(burrow.Http, "shop", receiver);
            await PutAsync(burrow.Http, 300);
            await receiver.WasSentAsync(300);
            await ShowsAsync(burrow.Http, open => open.Count == 300 && open.Shown.Count == 200);
            await burrow.KillAsync();
        }

        await using (var burrow = await StartAsync(folder, 20))
        {
            var (_, shown) = await ShowsAsync(burrow.Http, open => open.Count == 300);
            shown.Select(one => one.GetProperty("next").GetDateTimeOffset()).ShouldBeInOrder();
            shown.Select(one => one.GetProperty("key").GetString()).ShouldBeUnique();
            await burrow.KillAsync();
        }

        receiver.Status = 200;
        await using (var burrow = await StartAsync(folder, 1000))
        {
            await receiver.HasAsync(300);
            await ShowsAsync(burrow.Http, open => open.Count == 0 && open.Shown.Count == 0);
        }
    }

    [Fact]
    public async Task What_is_open_for_a_subscription_that_is_deleted_makes_room_at_once()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Status = 503;
        // The clock stands still, so no delivery becomes due.
        var time = new TestTime();
        await using var server = await LocalServer.StartAsync(new MemoryTableStore(), time);
        await time.AdvanceUntilAsync(SubscribeAsync(server.Http, "shop", receiver), TimeSpan.FromSeconds(1));
        await PutAsync(server.Http, 100);
        await receiver.WasSentAsync(100);
        await ShowsAsync(server.Http, open => open.Count == 100);

        (await server.Http.DeleteAsync("/subscriptions/shop/hook", Token)).IsSuccessStatusCode.ShouldBeTrue();

        await ShowsAsync(server.Http, open => open.Count == 0 && open.Shown.Count == 0);
    }

    private static Task<BurrowProcess> StartAsync(TemporaryFolder folder, int speed) => BurrowProcess.StartAsync(
        "sqlite:burrow.db",
        new Dictionary<string, string?> { ["EventGrid__Speed"] = $"{speed}" },
        folder.File(""),
        int.MaxValue);

    private static async Task<bool> SubscribeAsync(HttpClient http, string account, WebhookReceiver receiver)
    {
        using var answer = await http.PutAsJsonAsync($"/subscriptions/{account}/hook", new { endpoint = receiver.Url }, Token);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await http.GetFromJsonAsync<JsonElement>($"/subscriptions/{account}/hook", patience.Token))
            .GetProperty("state").GetString() != "active")
        {
            await Task.Delay(10, patience.Token);
        }

        return true;
    }

    private static async Task<HttpStatusCode> PublishAsync(LocalServer server, int count, int bytes, params string[] topics)
    {
        using var answer = await SendAsync(server, count, bytes, topics);
        return answer.StatusCode;
    }

    /// <summary>Publishes that many events for each topic in one request.</summary>
    private static async Task<HttpResponseMessage> SendAsync(LocalServer server, int count, int bytes, params string[] topics)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, StandInRoutes.Publish)
        {
            Content = JsonContent.Create(topics.SelectMany(topic => Enumerable.Range(0, count).Select(i => new
            {
                specversion = "1.0",
                id = $"{Guid.NewGuid():n}",
                source = topic,
                type = EventTypes.MessageCreated,
                subject = $"q/{i}",
                data = new string('x', bytes),
            }))),
        };
        request.Headers.Add("aeg-sas-key", server.Services.GetRequiredService<LocalEvents>().Key);
        return await server.Http.SendAsync(request, Token);
    }

    private static Task PutAsync(HttpClient http, int count) => Parallel.ForAsync(0, count, Token, async (i, cancellationToken) =>
    {
        using var answer = await http.PutAsync($"/v1.0/shop/q/{i}?ttl=0", new StringContent("hello"), cancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
    });

    /// <summary>Waits until the console shows open deliveries that meet a condition.</summary>
    private static async Task<(int Count, List<JsonElement> Shown)> ShowsAsync(
        HttpClient http, Func<(int Count, List<JsonElement> Shown), bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var deliveries = await http.GetFromJsonAsync<JsonElement>("/console/deliveries/shop", patience.Token);
            var open = (deliveries.GetProperty("waitingCount").GetInt32(), deliveries.GetProperty("waiting").EnumerateArray().ToList());
            if (condition(open))
                return open;
            await Task.Delay(10, patience.Token);
        }
    }
}

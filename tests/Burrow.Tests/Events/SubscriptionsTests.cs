using System.Net;
using System.Text;
using System.Text.Json;
using Burrow.Events;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;
using Moq.Protected;

namespace Burrow.Tests.Events;

/// <summary>What becomes of a subscription by what Event Grid's management answers, as documented.</summary>
public sealed class SubscriptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string Domain = "https://management.example/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/domains/d";
    private const string Operation = "https://management.example/operations/1";

    private static readonly AccountName Shop = new("shop");
    private static readonly SubscriptionName Hook = new("hook");

    private readonly TestTime time = new();
    private readonly MemoryTableStore store = new();
    private readonly List<(HttpMethod Method, Uri Uri, string Body)> asked = [];
    private readonly Queue<(HttpStatusCode Status, string Body, Action<HttpResponseMessage>? With)> answers = new();
    private readonly Subscriptions subscriptions;

    public SubscriptionsTests()
    {
        var handler = new Mock<HttpMessageHandler>();
        handler.Protected()
            .Setup<Task<HttpResponseMessage>>("SendAsync", ItExpr.IsAny<HttpRequestMessage>(), ItExpr.IsAny<CancellationToken>())
            .Returns(async (HttpRequestMessage request, CancellationToken _) =>
            {
                asked.Add((request.Method, request.RequestUri!, request.Content is null ? "" : await request.Content.ReadAsStringAsync(_)));
                var (status, body, with) = answers.Dequeue();
                var response = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json"), RequestMessage = request };
                with?.Invoke(response);
                return response;
            });
        var options = new EventsOptions { TopicEndpoint = new Uri("https://d.example/api/events"), Domain = new Uri(Domain), Key = "key", SubscriptionsPerAccount = 2 };
        var secrets = new SecretBox("a secret of thirty-two characters");
        subscriptions = new(
            new SubscriptionTable(store, secrets, time, Random.Shared),
            new EventGridManagement(new HttpClient(handler.Object), options, credential: null),
            secrets,
            options,
            time,
            NullLogger<Subscriptions>.Instance);
    }

    [Fact]
    public async Task One_is_pending_until_Event_Grid_says_that_it_is_done()
    {
        Answer(HttpStatusCode.Created, State("Creating"), Under(Operation));
        var (subscription, created) = await PutAsync();
        created.ShouldBeTrue();
        subscription.State.ShouldBe(SubscriptionState.Pending);

        Answer(HttpStatusCode.OK, """{"status":"InProgress"}""");
        (await GetAsync()).State.ShouldBe(SubscriptionState.Pending);
        Answer(HttpStatusCode.OK, """{"status":"Succeeded"}""");
        (await GetAsync()).State.ShouldBe(SubscriptionState.Active);
        // Settled, so nobody is asked.
        (await GetAsync()).State.ShouldBe(SubscriptionState.Active);

        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Get, HttpMethod.Get]);
        asked[0].Uri.AbsoluteUri.ShouldBe($"{Domain}/topics/{Topic.Of(Shop)}/providers/Microsoft.EventGrid/eventSubscriptions/hook?api-version=2025-02-15");
        asked[1].Uri.AbsoluteUri.ShouldBe(Operation);
    }

    [Fact]
    public async Task Event_Grid_is_told_all_that_was_asked_for()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await PutAsync(Spec("ord*") with { Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer abc" }, MaxAttempts = 7, EventTimeToLive = 60 });

        var properties = JsonDocument.Parse(asked.Single().Body).RootElement.GetProperty("properties");
        var destination = properties.GetProperty("destination");
        destination.GetProperty("endpointType").GetString().ShouldBe("WebHook");
        destination.GetProperty("properties").GetProperty("endpointUrl").GetString().ShouldBe("https://example.com/hook");
        destination.GetProperty("properties").GetProperty("maxEventsPerBatch").GetInt32().ShouldBe(1);
        var header = destination.GetProperty("properties").GetProperty("deliveryAttributeMappings").EnumerateArray().Single();
        header.GetProperty("name").GetString().ShouldBe("Authorization");
        header.GetProperty("properties").GetProperty("value").GetString().ShouldBe("Bearer abc");
        header.GetProperty("properties").GetProperty("isSecret").GetBoolean().ShouldBeTrue();
        properties.GetProperty("filter").GetProperty("subjectBeginsWith").GetString().ShouldBe("ord");
        properties.GetProperty("filter").GetProperty("isSubjectCaseSensitive").GetBoolean().ShouldBeTrue();
        properties.GetProperty("filter").GetProperty("includedEventTypes").EnumerateArray().Single().GetString().ShouldBe("Burrow.MessageCreated");
        properties.GetProperty("eventDeliverySchema").GetString().ShouldBe("CloudEventSchemaV1_0");
        properties.GetProperty("retryPolicy").GetProperty("maxDeliveryAttempts").GetInt32().ShouldBe(7);
        properties.GetProperty("retryPolicy").GetProperty("eventTimeToLiveInMinutes").GetInt32().ShouldBe(60);
    }

    [Fact]
    public async Task The_same_again_changes_nothing_and_something_else_does()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        var (first, _) = await PutAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        var (again, created) = await PutAsync();
        created.ShouldBeFalse();
        again.Changed.ShouldBe(first.Changed);
        asked.Count.ShouldBe(1);

        Answer(HttpStatusCode.OK, State("Succeeded"));
        (await PutAsync(Spec("other"))).Created.ShouldBeFalse();
        asked.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_failed_handshake_is_told_in_Event_Grid_s_words_and_tried_again_more_and_more_seldom()
    {
        Answer(HttpStatusCode.Created, State("Creating"), Under(Operation));
        await PutAsync();
        Answer(HttpStatusCode.OK, """{"status":"Failed","error":{"code":"Url validation","message":"Webhook validation handshake failed."}}""");
        var failed = await GetAsync();
        failed.State.ShouldBe(SubscriptionState.Failed);
        failed.Reason.ShouldBe("Webhook validation handshake failed.");

        // After a minute, then after two: not by visits from before, nor by whoever looks.
        foreach (var minutes in new[] { 1, 2, 4 })
        {
            time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
            await subscriptions.ReconcileAsync(Token);
            answers.ShouldBeEmpty();
            Answer(HttpStatusCode.BadRequest, $$$"""{"error":{"code":"Url validation","message":"Not after {{{minutes}}} either."}}""");
            time.Advance(TimeSpan.FromSeconds(1));
            await subscriptions.ReconcileAsync(Token);
            (await GetAsync()).Reason.ShouldBe($"Not after {minutes} either.");
            asked[^1].Method.ShouldBe(HttpMethod.Put);
        }
    }

    [Fact]
    public async Task Without_a_domain_it_fails_and_says_so()
    {
        Answer(HttpStatusCode.NotFound, """{"error":{"code":"ResourceNotFound","message":"The Resource 'd' was not found."}}""");
        var (subscription, _) = await PutAsync();
        subscription.State.ShouldBe(SubscriptionState.Failed);
        subscription.Reason.ShouldBe("The Resource 'd' was not found.");
    }

    [Theory]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task Where_Event_Grid_has_no_time_it_stays_pending_and_is_told_again(HttpStatusCode status)
    {
        Answer(status, "");
        (await PutAsync()).Subscription.State.ShouldBe(SubscriptionState.Pending);

        time.Advance(TimeSpan.FromMinutes(2));
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.ReconcileAsync(Token);

        (await GetAsync()).State.ShouldBe(SubscriptionState.Active);
        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Put]);
    }

    [Fact]
    public async Task When_throttled_it_asks_again_when_it_was_told_to()
    {
        Answer(HttpStatusCode.TooManyRequests, "", response => response.Headers.RetryAfter = new(TimeSpan.FromSeconds(300)));
        await PutAsync();
        time.Advance(TimeSpan.FromSeconds(299));
        await subscriptions.ReconcileAsync(Token);
        asked.Count.ShouldBe(1);

        time.Advance(TimeSpan.FromSeconds(1));
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.ReconcileAsync(Token);
        (await GetAsync()).State.ShouldBe(SubscriptionState.Active);
    }

    [Fact]
    public async Task What_Event_Grid_lost_it_is_told_anew()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await PutAsync();
        time.Advance(TimeSpan.FromHours(1.1));
        Answer(HttpStatusCode.OK, State("Succeeded", "burrow-of-something-else"));
        Answer(HttpStatusCode.OK, State("Succeeded"));
        await subscriptions.ReconcileAsync(Token);
        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Get, HttpMethod.Put]);

        time.Advance(TimeSpan.FromHours(1.1));
        Answer(HttpStatusCode.NotFound, "");
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.ReconcileAsync(Token);
        asked[^1].Method.ShouldBe(HttpMethod.Put);
        (await GetAsync()).State.ShouldBe(SubscriptionState.Active);
    }

    [Fact]
    public async Task A_deleted_one_is_there_until_Event_Grid_forgot_it()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await PutAsync();
        Answer(HttpStatusCode.ServiceUnavailable, "");
        (await subscriptions.DeleteAsync(Shop, Hook, Token))!.State.ShouldBe(SubscriptionState.Deleting);
        (await subscriptions.ListAsync(Shop, Token)).Single().State.ShouldBe(SubscriptionState.Deleting);

        time.Advance(TimeSpan.FromMinutes(2));
        Answer(HttpStatusCode.NoContent, "");
        await subscriptions.ReconcileAsync(Token);
        (await subscriptions.ListAsync(Shop, Token)).ShouldBeEmpty();
        (await subscriptions.DeleteAsync(Shop, Hook, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task An_account_has_so_many_at_most()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.PutAsync(Shop, new("one"), Spec("*"), Token);
        await subscriptions.PutAsync(Shop, new("two"), Spec("*"), Token);
        (await Should.ThrowAsync<InvalidRequestException>(subscriptions.PutAsync(Shop, new("three"), Spec("*"), Token)))
            .Message.ShouldBe("An account has at most 2 subscriptions.");
    }

    [Fact]
    public async Task The_token_goes_nowhere_but_where_the_domain_is()
    {
        Answer(HttpStatusCode.Created, State("Creating"), Under("https://evil.example/operations/1"));
        await PutAsync();
        Answer(HttpStatusCode.OK, State("Succeeded"));
        await GetAsync();
        asked.ShouldAllBe(one => one.Uri.Host == "management.example");
    }

    private static SubscriptionSpec Spec(string queues) => new()
    {
        Endpoint = new Uri("https://example.com/hook"),
        Queues = QueuePattern.Parse(queues),
        Types = [EventTypes.MessageCreated],
        Headers = new Dictionary<string, string>(),
        MaxAttempts = 30,
        EventTimeToLive = 1440,
    };

    private static string State(string state, string? label = null) =>
        $$$"""{"properties":{"provisioningState":"{{{state}}}","labels":[{{{(label is null ? "" : $"\"{label}\"")}}}]}}""";

    private static Action<HttpResponseMessage> Under(string operation) => response => response.Headers.Add("Azure-AsyncOperation", operation);

    private void Answer(HttpStatusCode status, string body, Action<HttpResponseMessage>? with = null) => answers.Enqueue((status, body, with));

    private Task<(Subscription Subscription, bool Created)> PutAsync(SubscriptionSpec? spec = null) => subscriptions.PutAsync(Shop, Hook, spec ?? Spec("*"), Token);

    private async Task<Subscription> GetAsync() => (await subscriptions.GetAsync(Shop, Hook, Token))!;
}

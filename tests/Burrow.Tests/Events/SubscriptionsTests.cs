using System.Net;
using System.Text;
using System.Text.Json;
using Burrow.Events.EventGrid;
using Burrow.Events.Model;
using Burrow.Events.Reconciling;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;
using Moq.Protected;

namespace Burrow.Tests.Events;

/// <summary>How the documented answers of Event Grid's management change a subscription.</summary>
public sealed class SubscriptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string Domain = "https://management.example/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/domains/d";
    private const string Operation = "https://management.example/operations/1";

    private const string Secret = "https://example.com/hook?code=let-me-in-please";

    private static readonly (long, long) Max = (2, 2);

    private static readonly AccountName Shop = new("shop");
    private static readonly SubscriptionName Hook = new("hook");

    private readonly TestTime time = new();
    private readonly MemoryTableStore store = new();
    private readonly List<(HttpMethod Method, Uri Uri, string Body)> asked = [];
    private readonly Queue<(HttpStatusCode Status, string Body, Action<HttpResponseMessage>? With)> answers = new();
    private readonly SubscriptionService subscriptions;

    private readonly SecretBox secrets = new(new("a secret of thirty-two characters"));
    private Func<HttpMethod, Task> before = _ => Task.CompletedTask;

    /// <summary>The answer to the request during which <see cref="before"/> makes something happen.</summary>
    private (HttpStatusCode Status, string Body)? late;

    public SubscriptionsTests() => subscriptions = New(secrets);

    [Fact]
    public async Task One_is_pending_until_Event_Grid_says_that_it_is_done()
    {
        Answer(HttpStatusCode.Created, State("Creating"), Under(Operation));
        var (subscription, created) = await PutAsync();
        created.ShouldBeTrue();
        subscription.State.ShouldBe(SubscriptionState.Pending);

        (await GetAsync()).State.ShouldBe(SubscriptionState.Pending);
        Answer(HttpStatusCode.OK, """{"status":"InProgress"}""");
        (await GetLaterAsync()).State.ShouldBe(SubscriptionState.Pending);
        (await GetAsync()).State.ShouldBe(SubscriptionState.Pending);
        Answer(HttpStatusCode.OK, """{"status":"Succeeded"}""");
        (await GetLaterAsync()).State.ShouldBe(SubscriptionState.Active);
        // The subscription is settled, so Event Grid is not asked.
        (await GetAsync()).State.ShouldBe(SubscriptionState.Active);

        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Get, HttpMethod.Get]);
        asked[0].Uri.AbsoluteUri.ShouldBe(
            $"{Domain}/topics/{Topic.Of(Shop)}/providers/Microsoft.EventGrid/eventSubscriptions/hook?api-version=2025-02-15");
        asked[1].Uri.AbsoluteUri.ShouldBe(Operation);
    }

    [Fact]
    public async Task Event_Grid_is_told_all_that_was_asked_for()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await PutAsync(Spec("ord*") with { MaxAttempts = 7, EventTimeToLive = 60 }, ("Authorization", "Bearer abc"));

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
        properties.GetProperty("filter")
            .GetProperty("includedEventTypes")
            .EnumerateArray()
            .Single()
            .GetString()
            .ShouldBe("Burrow.MessageCreated");
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
        Answer(
            HttpStatusCode.OK,
            """{"status":"Failed","error":{"code":"Url validation","message":"Webhook validation handshake failed."}}""");
        var failed = await GetLaterAsync();
        failed.State.ShouldBe(SubscriptionState.Failed);
        failed.Reason.ShouldBe("Webhook validation handshake failed.");

        // The next tries come after one minute, then two, then four. Earlier visits and reads cause no try.
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
        // The reason is not in Azure's words, because they name internals that a tenant must not see.
        subscription.Reason.ShouldBe("This service's Event Grid domain isn't there.");
    }

    [Theory]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
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
        (await subscriptions.DeleteAsync(Shop, Hook, QueuePattern.All, Token))!.State.ShouldBe(SubscriptionState.Deleting);
        (await subscriptions.ListAsync(Shop, QueuePattern.All, Token)).Single().State.ShouldBe(SubscriptionState.Deleting);

        time.Advance(TimeSpan.FromMinutes(2));
        Answer(HttpStatusCode.NoContent, "");
        await subscriptions.ReconcileAsync(Token);
        (await subscriptions.ListAsync(Shop, QueuePattern.All, Token)).ShouldBeEmpty();
        (await subscriptions.DeleteAsync(Shop, Hook, QueuePattern.All, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task An_account_has_so_many_at_most()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.PutAsync(Shop, new("one"), Spec("*"), new Dictionary<string, string>(), QueuePattern.All, Max, Token);
        await subscriptions.PutAsync(Shop, new("two"), Spec("*"), new Dictionary<string, string>(), QueuePattern.All, Max, Token);
        (await Should.ThrowAsync<QuotaExceededException>(
            subscriptions.PutAsync(Shop, new("three"), Spec("*"), new Dictionary<string, string>(), QueuePattern.All, Max, Token)))
            .Message.ShouldBe("This account may have 2 subscriptions, and has.");
    }

    [Fact]
    public async Task An_active_one_stays_active_while_this_service_may_not_ask()
    {
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await PutAsync();
        time.Advance(TimeSpan.FromHours(1.1));
        Answer(
            HttpStatusCode.Forbidden,
            """{"error":{"code":"AuthorizationFailed","message":"The client 'id' of subscription 's' may not."}}""");
        await subscriptions.ReconcileAsync(Token);

        var subscription = await GetAsync();
        subscription.State.ShouldBe(SubscriptionState.Active);
        subscription.Reason.ShouldBeNull();
    }

    [Fact]
    public async Task Under_another_secret_it_fails_and_can_be_put_again()
    {
        Answer(HttpStatusCode.Created, State("Creating"));
        await PutAsync(null, ("Authorization", "Bearer abc"));
        var other = New(new SecretBox(new("another secret of as many characters")));

        time.Advance(TimeSpan.FromMinutes(2));
        await other.ReconcileAsync(Token);
        var failed = (await other.GetAsync(Shop, Hook, QueuePattern.All, Token))!;
        failed.State.ShouldBe(SubscriptionState.Failed);
        failed.Reason!.ShouldStartWith("Its headers can't be read any more");
        (await other.ListAsync(Shop, QueuePattern.All, Token)).Count.ShouldBe(1);

        Answer(HttpStatusCode.OK, State("Succeeded"));
        var (again, _) = await other.PutAsync(
            Shop,
            Hook,
            Spec("*") with { Headers = ["Authorization"] },
            new Dictionary<string, string> { ["Authorization"] = "Bearer abc" },
            QueuePattern.All,
            Max,
            Token);
        again.State.ShouldBe(SubscriptionState.Active);
    }

    [Fact]
    public async Task Only_Event_Grid_is_told_the_query_of_an_endpoint()
    {
        var spec = Spec("*") with { Endpoint = new Uri(Secret) };
        Answer(HttpStatusCode.Created, State("Succeeded"));
        var (subscription, _) = await PutAsync(spec);
        subscription.Spec.Endpoint.OriginalString.ShouldBe("https://example.com/hook?***");
        (await GetAsync()).Spec.Endpoint.OriginalString.ShouldBe("https://example.com/hook?***");
        (await PutAsync(spec)).Created.ShouldBeFalse();
        asked.Count.ShouldBe(1);

        time.Advance(TimeSpan.FromHours(1.1));
        Answer(HttpStatusCode.NotFound, "");
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.ReconcileAsync(Token);
        asked.Where(one => one.Method == HttpMethod.Put).Select(EndpointIn).ShouldBe([Secret, Secret]);

        Answer(HttpStatusCode.OK, State("Succeeded"));
        await PutAsync(spec with { Endpoint = new Uri("https://example.com/hook?code=another") });
        EndpointIn(asked[^1]).ShouldBe("https://example.com/hook?code=another");
        Answer(HttpStatusCode.OK, State("Succeeded"));
        await PutAsync();
        EndpointIn(asked[^1]).ShouldBe("https://example.com/hook");
    }

    [Theory]
    [InlineData($"Webhook validation handshake failed for {Secret}.")]
    [InlineData("The request to example.com:443/hook?code=let-me-in-please failed.")]
    [InlineData("The endpoint answered: 'let-me-in-please' is wrong.")]
    [InlineData("https://other.example/?code=LET-ME-IN-PLEASE")]
    public async Task A_reason_does_not_quote_the_query_of_an_endpoint(string message)
    {
        var spec = Spec("*") with { Endpoint = new Uri(Secret) };
        Answer(HttpStatusCode.BadRequest, $$$"""{"error":{"code":"Url validation","message":"{{{message}}}"}}""");
        (await PutAsync(spec)).Subscription.Reason!.ShouldNotContain("let-me-in", Case.Insensitive);

        // Also where the answer is that of an operation, and where the reason is cut within the query.
        time.Advance(TimeSpan.FromMinutes(2));
        Answer(HttpStatusCode.Created, State("Creating"), Under(Operation));
        await subscriptions.ReconcileAsync(Token);
        var cut = new string('x', 500 - message.IndexOf("me-in", StringComparison.OrdinalIgnoreCase));
        Answer(HttpStatusCode.OK, $$$"""{"status":"Failed","error":{"message":"{{{cut}}}{{{message}}}"}}""");
        var failed = await GetLaterAsync();
        failed.State.ShouldBe(SubscriptionState.Failed);
        failed.Reason!.Length.ShouldBeLessThanOrEqualTo(500);
        failed.Reason.ShouldStartWith(cut[..10]);
        failed.Reason.ShouldNotContain("let-", Case.Insensitive);
    }

    [Fact]
    public async Task One_that_was_stored_before_queries_were_encrypted_is_read_and_encrypted_with_its_next_step()
    {
        var spec = Spec("*") with { Endpoint = new Uri(Secret) };
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await PutAsync(spec);
        var table = new SubscriptionTable(store, time, Random.Shared);
        var stored = (await table.GetAsync(Shop, Hook, Token))!;
        var older = stored.Subscription with { Spec = spec, SealedEndpoint = [], Reason = $"It was {Secret}." };
        (await table.WriteAsync(older, stored, Token)).ShouldNotBeNull();

        (await PutAsync(spec)).Created.ShouldBeFalse();
        asked.Count.ShouldBe(1);
        time.Advance(TimeSpan.FromHours(1.1));
        Answer(HttpStatusCode.ServiceUnavailable, "");
        await subscriptions.ReconcileAsync(Token);
        (await table.GetAsync(Shop, Hook, Token))!.Subscription.Reason.ShouldBe("It was https://example.com/hook?***");
        time.Advance(TimeSpan.FromHours(1.1));
        Answer(HttpStatusCode.NotFound, "");
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await subscriptions.ReconcileAsync(Token);

        EndpointIn(asked[^1]).ShouldBe(Secret);
        var after = (await table.GetAsync(Shop, Hook, Token))!.Subscription;
        after.Spec.Endpoint.OriginalString.ShouldBe("https://example.com/hook?***");
        Encoding.UTF8.GetString(secrets.Open(after.SealedEndpoint)).ShouldBe(Secret);
        after.State.ShouldBe(SubscriptionState.Active);
    }

    [Fact]
    public async Task Under_another_secret_one_whose_endpoint_has_a_query_fails()
    {
        Answer(HttpStatusCode.Created, State("Creating"));
        await PutAsync(Spec("*") with { Endpoint = new Uri(Secret) });
        var other = New(new SecretBox(new("another secret of as many characters")));

        time.Advance(TimeSpan.FromMinutes(2));
        await other.ReconcileAsync(Token);

        var failed = (await other.GetAsync(Shop, Hook, QueuePattern.All, Token))!;
        failed.State.ShouldBe(SubscriptionState.Failed);
        failed.Reason!.ShouldStartWith("Its endpoint's query can't be read any more");
    }

    [Fact]
    public async Task One_that_is_deleted_while_it_is_put_is_deleted_again()
    {
        Answer(HttpStatusCode.Created, State("Creating"));
        var other = New(secrets);
        // While the put is sent to Event Grid, another process deletes the subscription, and finishes first.
        before = async method =>
        {
            if (method != HttpMethod.Put)
                return;
            before = _ => Task.CompletedTask;
            answers.Enqueue((HttpStatusCode.NoContent, "", null));
            (await other.DeleteAsync(Shop, Hook, QueuePattern.All, Token)).ShouldNotBeNull();
            answers.Enqueue((HttpStatusCode.OK, "", null));
        };
        answers.Clear();
        late = (HttpStatusCode.Created, State("Creating"));

        await PutAsync();

        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Delete, HttpMethod.Delete]);
        (await subscriptions.ListAsync(Shop, QueuePattern.All, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task It_is_active_only_once_every_process_will_read_that_it_is_wanted()
    {
        var table = new SubscriptionTable(store, time, Random.Shared);
        Answer(HttpStatusCode.Created, State("Creating"), Under(Operation));
        await PutAsync();
        var before = await table.VersionAsync(Token);
        Answer(HttpStatusCode.OK, """{"status":"Succeeded"}""");
        (await GetLaterAsync()).State.ShouldBe(SubscriptionState.Active);

        (await table.VersionAsync(Token)).ShouldNotBe(before);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task Where_operations_may_not_be_asked_for_it_looks_at_what_is_there(HttpStatusCode status)
    {
        Answer(HttpStatusCode.Created, State("Creating"), Under(Operation));
        var (subscription, _) = await PutAsync();
        Answer(status, "");
        Answer(HttpStatusCode.OK, State("Creating", subscription.Label));
        (await GetLaterAsync()).State.ShouldBe(SubscriptionState.Pending);
        Answer(status, "");
        Answer(HttpStatusCode.OK, State("Succeeded", subscription.Label));
        (await GetLaterAsync()).State.ShouldBe(SubscriptionState.Active);
        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Get, HttpMethod.Get, HttpMethod.Get, HttpMethod.Get]);
    }

    [Fact]
    public async Task The_token_goes_nowhere_but_where_the_domain_is()
    {
        Answer(HttpStatusCode.Created, State("Creating"), Under("https://evil.example/operations/1"));
        await PutAsync();
        Answer(HttpStatusCode.NotFound, "");
        Answer(HttpStatusCode.Created, State("Succeeded"));
        await GetLaterAsync();
        asked.Select(one => one.Method).ShouldBe([HttpMethod.Put, HttpMethod.Get, HttpMethod.Put]);
        asked.ShouldAllBe(one => one.Uri.Host == "management.example");
    }

    /// <summary>The service of one process.</summary>
    private SubscriptionService New(SecretBox secrets)
    {
        var handler = new Mock<HttpMessageHandler>();
        handler.Protected()
            .Setup<Task<HttpResponseMessage>>("SendAsync", ItExpr.IsAny<HttpRequestMessage>(), ItExpr.IsAny<CancellationToken>())
            .Returns(async (HttpRequestMessage request, CancellationToken _) =>
            {
                asked.Add((request.Method, request.RequestUri!, request.Content is null ? "" : await request.Content.ReadAsStringAsync(_)));
                var given = late;
                late = null;
                await before(request.Method);
                var (status, body, with) = given is { } answer ? (answer.Status, answer.Body, null) : answers.Dequeue();
                var response =
                    new HttpResponseMessage(status)
                    {
                        Content = new StringContent(body, Encoding.UTF8, "application/json"),
                        RequestMessage = request,
                    };
                with?.Invoke(response);
                return response;
            });
        var options = new EventsOptions { TopicEndpoint = new Uri("https://d.example/api/events"), Domain = new Uri(Domain), Key = "key" };
        return new(
            new SubscriptionTable(store, time, Random.Shared),
            new EventGridManagement(new HttpClient(handler.Object), options, credential: null),
            secrets,
            time,
            NullLogger<SubscriptionService>.Instance);
    }

    private static SubscriptionSpec Spec(string queues) => new()
    {
        Endpoint = new Uri("https://example.com/hook"),
        Queues = QueuePattern.Parse(queues),
        Types = [EventTypes.MessageCreated],
        Headers = [],
        MaxAttempts = 30,
        EventTimeToLive = 1440,
    };

    private static string State(string state, string? label = null) =>
        $$$"""{"properties":{"provisioningState":"{{{state}}}","labels":[{{{(label is null ? "" : $"\"{label}\"")}}}]}}""";

    private static string? EndpointIn((HttpMethod Method, Uri Uri, string Body) request) =>
        JsonDocument.Parse(request.Body).RootElement.GetProperty("properties").GetProperty("destination").GetProperty("properties")
            .GetProperty("endpointUrl")
            .GetString();

    private static Action<HttpResponseMessage> Under(string operation) =>
        response => response.Headers.Add("Azure-AsyncOperation", operation);

    private void Answer(
        HttpStatusCode status, string body, Action<HttpResponseMessage>? with = null) => answers.Enqueue((status, body, with));

    private Task<(Subscription Subscription, bool Created)> PutAsync(
        SubscriptionSpec? spec = null, params (string Name, string Value)[] headers) =>
        subscriptions.PutAsync(
            Shop,
            Hook,
            (spec ?? Spec("*")) with { Headers = [.. headers.Select(header => header.Name)] },
            headers.ToDictionary(header => header.Name, header => header.Value),
            QueuePattern.All,
            Max,
            Token);

    private async Task<Subscription> GetAsync() => (await subscriptions.GetAsync(Shop, Hook, QueuePattern.All, Token))!;

    /// <summary>Reads the subscription a moment later. Event Grid is not asked more often, however often clients read.</summary>
    private Task<Subscription> GetLaterAsync()
    {
        time.Advance(TimeSpan.FromSeconds(2));
        return GetAsync();
    }
}

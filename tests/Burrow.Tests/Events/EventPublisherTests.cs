using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Azure;
using Azure.Core;
using Azure.Messaging;
using Azure.Messaging.EventGrid;
using Burrow.Events.EventGrid;
using Burrow.Events.Model;
using Burrow.Events.Outbox;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace Burrow.Tests.Events;

/// <summary>What happens to events while Event Grid accepts them, and while it does not.</summary>
public sealed class EventPublisherTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly QueueAddress Orders = new(new("shop"), new("orders"));
    private static readonly EventsOptions Options =
        new() { SigningKeys = SigningKeyPem.New(), PublicUrl = new Uri("https://burrow.example") };

    private readonly TestTime time = new();
    private readonly InterceptedStore store = new(new MemoryTableStore());
    private readonly Mock<EventGridPublisherClient> client = new();
    private readonly List<IReadOnlyList<CloudEvent>> requests = [];
    private readonly QueueEngine queues;
    private readonly SubscriptionTable subscriptions;
    private Func<Task<Response>> answer = () => Task.FromResult(Mock.Of<Response>());
    private TaskCompletionSource asked = new();

    public EventPublisherTests()
    {
        subscriptions = new(store, time, Random.Shared);
        client.Setup(one => one.SendEventsAsync(It.IsAny<IEnumerable<CloudEvent>>(), It.IsAny<CancellationToken>()))
            .Returns((IEnumerable<CloudEvent> events, CancellationToken _) =>
            {
                lock (requests)
                    requests.Add([.. events]);
                asked.TrySetResult();
                return answer();
            });
        var outbox = new EventComposer(new(new EventSigner(Options, time)), Options, time, Random.Shared);
        var publisher = new EventPublisher(
            new EventGridSink(new(client.Object), outbox, time),
            outbox,
            new SubscriptionCache(subscriptions, time).GetKindsAsync,
            store,
            time,
            Random.Shared,
            NullLogger<EventPublisher>.Instance);
        queues = new(store, time, Random.Shared, new(), NullLogger<QueueEngine>.Instance, publisher);
    }

    [Fact]
    public async Task Without_a_subscription_nothing_is_written_and_nothing_sent()
    {
        await PutAsync("m1");

        (await OutboxAsync()).ShouldBe(0);
        requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_subscription_a_put_costs_what_it_costs_without_events()
    {
        var other = new InterceptedStore(new MemoryTableStore());
        var plain = new TestQueue(other, time);
        await plain.PutAsync("warm", ttl: 600);
        await PutAsync("warm");

        var without = await new RequestCounter(other).CountAsync(() => plain.PutAsync("m1", ttl: 600));
        var with = await new RequestCounter(store).CountAsync(() => PutAsync("m1"));

        Describe(with).ShouldBe(Describe(without));
        Describe(with).ShouldBe("messages Submit 4");
    }

    [Fact]
    public async Task With_one_a_put_writes_one_more_row()
    {
        var counter = new RequestCounter(store);
        await SubscribeAsync();
        await PutAsync("warm");
        await ForgottenAsync();
        answer = () => new TaskCompletionSource<Response>().Task;

        Describe(await counter.CountAsync(() => PutAsync("m1"))).ShouldBe("messages Submit 5");
        Describe(await counter.CountAsync(() => PutAsync("m2"))).ShouldBe("messages Submit 5");
    }

    [Fact]
    public async Task A_put_is_announced_and_then_forgotten()
    {
        await SubscribeAsync();
        await PutAsync("m1", "hello");
        await asked.Task;

        var sent = requests.Single().Single();
        sent.Source.ShouldBe(Topic.Of(Orders.Account));
        sent.Subject.ShouldBe("orders/m1");
        sent.Type.ShouldBe("Burrow.MessageCreated");
        sent.Data!.ToString().ShouldContain("\"body\":\"hello\"");
        sent.ExtensionAttributes.Keys.ShouldBe(["signature"]);
        await ForgottenAsync();
    }

    [Fact]
    public async Task A_replace_and_a_queue_without_a_subscription_are_not_announced()
    {
        await SubscribeAsync("ord*");
        await PutAsync("m1");
        await ForgottenAsync();
        await PutAsync("m1");
        await queues.PutAsync(new(Orders.Account, new("other")), new(new("m1"), [], null, default, Precondition.None), Token);

        (await OutboxAsync()).ShouldBe(0);
        requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Puts_at_once_are_announced_by_one_request_for_each_group()
    {
        await SubscribeAsync();
        var held = new TaskCompletionSource<Response>();
        answer = () => held.Task;
        await PutAsync("first");
        await asked.Task;

        // While one request is under way, the events of new puts wait for the next request.
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => PutAsync($"m{i}")));
        held.SetResult(Mock.Of<Response>());
        await ForgottenAsync();

        requests.Select(request => request.Count).ShouldBe([1, 60]);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(401)]
    [InlineData(0)]
    public async Task An_Event_Grid_that_refuses_fails_no_put_and_gets_the_events_later(int status)
    {
        await SubscribeAsync();
        answer = () => throw new RequestFailedException(status, "no");
        await PutAsync("m1");
        await asked.Task;
        await PutAsync("m2");
        await PutAsync("m3");
        (await OutboxAsync()).ShouldBe(3);

        answer = () => Task.FromResult(Mock.Of<Response>());
        // The clock passes the pause, the time that other processes have to publish their events, and the minute of the timer.
        time.Advance(TimeSpan.FromMinutes(2));
        await queues.SweepAsync(TimeSpan.FromSeconds(50), Token);

        await ForgottenAsync();
        requests[^1].Select(one => one.Subject).ShouldBe(["orders/m1", "orders/m2", "orders/m3"]);
    }

    [Fact]
    public async Task While_Event_Grid_takes_nothing_it_is_told_how_late_the_oldest_is()
    {
        var told = new ConcurrentBag<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "burrow.outbox.lag")
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => told.Add(value));
        listener.Start();
        await SubscribeAsync();
        answer = () => throw new RequestFailedException(403, "no");
        await PutAsync("m1");
        await asked.Task;

        // So late that no event of another test is as late.
        var late = TimeSpan.FromDays(400);
        time.Advance(late);
        await queues.SweepAsync(TimeSpan.FromSeconds(50), Token);

        told.ShouldContain(late.TotalSeconds);
    }

    [Fact]
    public async Task While_Event_Grid_throttles_it_is_left_alone_as_long_as_it_asks()
    {
        await SubscribeAsync();
        answer = () => throw new RequestFailedException(new Throttled(retryAfter: 40));
        await PutAsync("m1");
        await asked.Task;
        time.Advance(TimeSpan.FromSeconds(39));
        await PutAsync("m2");
        requests.Count.ShouldBe(1);

        time.Advance(TimeSpan.FromSeconds(2));
        answer = () => Task.FromResult(Mock.Of<Response>());
        asked = new();
        await PutAsync("m3");
        await asked.Task;
        requests[^1].Select(one => one.Subject).ShouldBe(["orders/m3"]);
    }

    [Fact]
    public async Task An_account_that_nothing_is_taken_of_keeps_no_event_of_another()
    {
        var (full, other, third) = (Orders, new QueueAddress(new("other"), new("q")), new QueueAddress(new("third"), new("q")));
        foreach (var queue in (QueueAddress[])[full, other, third])
            await SubscribeAsync(queue);
        var held = new TaskCompletionSource<Response>();
        answer = () => held.Task;
        await PutAsync(other, "first");
        await asked.Task;
        await Task.WhenAll(((QueueAddress[])[full, other, third]).SelectMany(
            queue => Enumerable.Range(0, 5).Select(i => PutAsync(queue, $"m{i}"))));
        answer = () => requests[^1].Any(one => one.Source == Topic.Of(full.Account))
            ? throw new RequestFailedException(503, "full", EventGridSink.TopicFull, null)
            : Task.FromResult(Mock.Of<Response>());
        held.SetResult(Mock.Of<Response>());
        await ForgottenAsync(other);
        await ForgottenAsync(third);

        // One request with the events of all three, and then one for each account.
        requests.Select(request => request.Select(one => one.Source).Distinct().Count()).ShouldBe([1, 3, 1, 1, 1]);
        (await OutboxAsync()).ShouldBe(5);
        // The account has its own pause, and nothing of it is sent.
        await PutAsync(full, "later");
        await PutAsync(other, "later");
        await ForgottenAsync(other);
        requests.Count.ShouldBe(6);

        answer = () => Task.FromResult(Mock.Of<Response>());
        time.Advance(TimeSpan.FromMinutes(2));
        await queues.SweepAsync(TimeSpan.FromSeconds(50), Token);
        await ForgottenAsync();
        requests.SelectMany(request => request).Count(one => one.Source == Topic.Of(other.Account)).ShouldBeGreaterThanOrEqualTo(7);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    public async Task One_that_Event_Grid_never_takes_is_given_up_and_keeps_no_other(int status)
    {
        await SubscribeAsync();
        var held = new TaskCompletionSource<Response>();
        answer = () => held.Task;
        await PutAsync("first");
        await asked.Task;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PutAsync($"m{i}")));
        answer = () => requests[^1].Any(one => one.Subject == "orders/m7")
            ? throw new RequestFailedException(status, "never")
            : Task.FromResult(Mock.Of<Response>());
        held.SetResult(Mock.Of<Response>());

        await ForgottenAsync();

        var taken = requests.Where(request => request.All(one => one.Subject != "orders/m7"))
            .SelectMany(request => request)
            .Select(one => one.Subject)
            .ToList();
        taken.ShouldBe(["orders/first", .. Enumerable.Range(0, 20).Where(i => i != 7).Select(i => $"orders/m{i}")]);
    }

    [Fact]
    public async Task An_Event_Grid_that_never_answers_keeps_no_put_waiting()
    {
        await SubscribeAsync();
        answer = () => new TaskCompletionSource<Response>().Task;
        await PutAsync("m1");
        await asked.Task;

        await PutAsync("m2");
        await PutAsync("m3");
        (await OutboxAsync()).ShouldBe(3);
    }

    [Fact]
    public async Task What_expired_before_anybody_took_it_is_announced_with_what_it_said()
    {
        await SubscribeAsync("*", EventTypes.MessageExpired);
        await queues.PutAsync(Orders, new(new("m1"), "too late"u8.ToArray(), "text/plain", new(30, null), Precondition.None), Token);
        (await OutboxAsync()).ShouldBe(0);

        time.Advance(TimeSpan.FromMinutes(3));
        await queues.SweepAsync(TimeSpan.FromSeconds(50), Token);
        await asked.Task;

        var sent = requests.Single().Single();
        sent.Type.ShouldBe("Burrow.MessageExpired");
        sent.Subject.ShouldBe("orders/m1");
        sent.Data!.ToString().ShouldContain("\"body\":\"too late\"");
        sent.Data!.ToString().ShouldContain("\"expired\":\"2026-01-02T03:04:35.000Z\"");
        await ForgottenAsync();
    }

    [Fact]
    public async Task A_death_is_announced_with_its_causes_however_it_came_about()
    {
        await SubscribeAsync("*", EventTypes.MessageDead);
        await PolicyAsync(new(new("once"), QueuePattern.All) { MaxDeliveries = 1 });
        foreach (var id in (string[])["said", "failed", "ended", "time", "put"])
            await PutAsync(id);
        var claimed = (await queues.UpdateAsync(
            Orders, new() { Limit = 10, Detail = Detail.Full }, new(null, 30), TimeSpan.Zero, Token)).Messages.ToDictionary(
            message => message.Id.Value, message => new Precondition([message.Receipt.Value], null));
        await SettleAsync("said", new(OutcomeKind.Dead, "no such pizza"));
        await SettleAsync("failed", new(OutcomeKind.Failed, "oven broke"));
        await queues.UpdateAsync(Orders, new("ended"), new(null, 0), Precondition.None, Detail.None, Token);
        time.Advance(TimeSpan.FromSeconds(31));
        await PutAsync("put");
        time.Advance(TimeSpan.FromMinutes(2));
        await queues.SweepAsync(TimeSpan.FromSeconds(50), Token);
        await ForgottenAsync();

        var sent = requests.SelectMany(request => request).ToDictionary(one => one.Subject!);
        sent.Keys.ShouldBe(["orders/said", "orders/failed", "orders/ended", "orders/time", "orders/put"], ignoreOrder: true);
        sent.Values.ShouldAllBe(one => one.Type == "Burrow.MessageDead");
        var said = System.Text.Json.JsonDocument.Parse(sent["orders/said"].Data).RootElement;
        said.GetProperty("causes")[0].GetProperty("cause").GetString().ShouldBe("no such pizza");
        said.GetProperty("causes")[0].GetProperty("delivery").GetInt64().ShouldBe(1);
        said.GetProperty("deliveries").GetInt64().ShouldBe(1);
        said.GetProperty("died").GetString().ShouldBe("2026-01-02T03:04:05.000Z");
        var byTime = System.Text.Json.JsonDocument.Parse(sent["orders/time"].Data).RootElement;
        byTime.GetProperty("died").GetString().ShouldBe("2026-01-02T03:04:35.000Z");
        byTime.GetProperty("causes").GetArrayLength().ShouldBe(0);

        async Task SettleAsync(string id, Outcome outcome) =>
            (await queues.SettleAsync(Orders, new(id), outcome, claimed[id], Detail.None, Token)).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_end_of_the_time_that_a_dead_message_is_kept_is_not_announced()
    {
        await SubscribeAsync("*", EventTypes.MessageExpired);
        await PolicyAsync(new(new("short"), QueuePattern.All) { DeadTtl = 30 });
        var put = await queues.PutAsync(Orders, new(new("m1"), [], null, new(0, null), Precondition.None), Token);
        await queues.SettleAsync(
            Orders, new("m1"), new(OutcomeKind.Dead), new([put.Receipt.Value], null), Detail.None, Token);

        time.Advance(TimeSpan.FromMinutes(3));
        await queues.SweepAsync(TimeSpan.FromSeconds(50), Token);

        (await OutboxAsync()).ShouldBe(0);
        (await queues.StatisticsAsync(Orders, Token))!.Counts.Expired.ShouldBe(1);
    }

    [Fact]
    public async Task What_is_put_in_the_stead_of_something_expired_announces_both()
    {
        await SubscribeAsync("*", EventTypes.MessageCreated, EventTypes.MessageExpired);
        await queues.PutAsync(Orders, new(new("m1"), "old"u8.ToArray(), null, new(30, null), Precondition.None), Token);
        await ForgottenAsync();
        time.Advance(TimeSpan.FromSeconds(31));

        await queues.PutAsync(Orders, new(new("m1"), "new"u8.ToArray(), null, new(30, null), Precondition.None), Token);
        await ForgottenAsync();

        requests.SelectMany(request => request).Select(
            one => (one.Type, Body: System.Text.Json.JsonDocument.Parse(one.Data).RootElement.GetProperty("body").GetString())).ShouldBe(
            [(EventTypes.MessageCreated, "old"), (EventTypes.MessageCreated, "new"), (EventTypes.MessageExpired, "old")],
            ignoreOrder: true);
        requests.SelectMany(request => request).Select(one => one.Id).ShouldBeUnique();
    }

    [Fact]
    public async Task A_body_that_would_make_the_event_cost_double_is_left_to_be_fetched()
    {
        await SubscribeAsync();
        await PutAsync("small", new string('x', 60_000));
        await PutAsync("quoted", new string('"', 20_000));
        await PutAsync("large", new string('x', 65_000));
        await ForgottenAsync();

        var data = requests.SelectMany(request => request).ToDictionary(
            one => one.Subject!, one => System.Text.Json.JsonDocument.Parse(one.Data).RootElement);
        data["orders/small"].TryGetProperty("body", out _).ShouldBeTrue();
        data["orders/quoted"].TryGetProperty("body", out _).ShouldBeFalse();
        data["orders/large"].TryGetProperty("body", out _).ShouldBeFalse();
        data["orders/large"].GetProperty("url").GetString().ShouldBe("https://burrow.example/v1.0/shop/orders/large?detail=body");
        data["orders/large"].GetProperty("length").GetInt64().ShouldBe(65_000);
    }

    [Fact]
    public async Task A_new_subscription_gets_what_is_put_5_s_later()
    {
        await PutAsync("m1");
        await SubscribeAsync();
        time.Advance(TimeSpan.FromSeconds(5));
        await PutAsync("m2");
        await asked.Task;

        requests.Single().Single().Subject.ShouldBe("orders/m2");
    }

    private Task PutAsync(string id, string body = "") => PutAsync(Orders, id, body);

    private Task PutAsync(QueueAddress queue, string id, string body = "") => queues.PutAsync(
        queue, new(new(id), System.Text.Encoding.UTF8.GetBytes(body), null, default, Precondition.None), Token);

    private Task PolicyAsync(QueuePolicy policy) => queues.Policies.PutAsync(
        Orders.Account, policy, QueuePattern.All, (PolicyLimits.Policies, PolicyLimits.Policies), Token);

    private Task SubscribeAsync(string queues = "*", params string[] types) => SubscribeAsync(Orders, queues, types);

    private async Task SubscribeAsync(QueueAddress queue, string queues = "*", params string[] types)
    {
        var spec = new SubscriptionSpec
        {
            Endpoint = new Uri("https://example.com"),
            Queues = QueuePattern.Parse(queues),
            Types = types.Length == 0 ? [EventTypes.MessageCreated] : types,
            Headers = [],
            MaxAttempts = 30,
            EventTimeToLive = 1440,
        };
        (await subscriptions.WriteAsync(
            new(queue.Account, new("hook"), spec, SubscriptionState.Active, null, time.GetUtcNow()), null, Token)).ShouldNotBeNull();
        await subscriptions.ChangedAsync();
    }

    private static string Describe(IEnumerable<TableCall> calls) =>
        string.Join(", ", calls.Select(call => $"{call.Table} {call.Kind} {call.Operations.Count}"));

    private async Task<int> OutboxAsync(QueueAddress? queue = null) => (await store.Open("messages").QueryAsync(
        (queue ?? Orders).Partition, new(QueueKeys.EventsFrom, QueueKeys.EventsBefore), Token)).Rows.Count;

    /// <summary>
    /// Waits for the deletion of the rows. It follows the answer, in the background, so the test has no task to wait for.
    /// </summary>
    private async Task ForgottenAsync(QueueAddress? queue = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await OutboxAsync(queue) > 0)
            await Task.Delay(1, patience.Token);
    }

    private sealed class Throttled(int retryAfter) : Response
    {
        public override int Status => 429;

        public override string ReasonPhrase => "Too Many Requests";

        public override Stream? ContentStream { get; set; }

        public override string ClientRequestId { get; set; } = "";

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => TryGetHeader(name, out _);

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => [new("Retry-After", $"{retryAfter}")];

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
        {
            value = name.Equals("Retry-After", StringComparison.OrdinalIgnoreCase) ? $"{retryAfter}" : null;
            return value is not null;
        }

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            var found = TryGetHeader(name, out var value);
            values = found ? [value!] : null;
            return found;
        }
    }
}

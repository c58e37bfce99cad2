using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Burrow.Tests.Support;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Burrow.Tests.Telemetry;

/// <summary>
/// The local process as it exports to a collector: what one message's trace contains, and which metrics and logs arrive.
/// </summary>
public sealed class CollectorTests : IAsyncLifetime
{
    private const int Server = 2;
    private const int Client = 3;
    private const int Producer = 4;
    private const int Consumer = 5;

    private OtlpCollector collector = null!;
    private BurrowProcess burrow = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        collector = await OtlpCollector.StartAsync();
        burrow = await BurrowProcess.StartAsync("memory", collector.Environment, null, int.MaxValue);
    }

    public async ValueTask DisposeAsync()
    {
        await burrow.DisposeAsync();
        await collector.DisposeAsync();
    }

    [Fact]
    public async Task One_trace_follows_a_message_from_its_producer_through_put_and_claim_to_its_event()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(receiver);

        // A producer that is traced and sends its trace with the request.
        string trace, producer;
        using (var source = new ActivitySource("Producer"))
        using (Sdk.CreateTracerProviderBuilder().AddSource("Producer").AddOtlpExporter(otlp =>
            (otlp.Protocol, otlp.Endpoint) = (OtlpExportProtocol.HttpProtobuf, new Uri(collector.Address, "v1/traces"))).Build())
        {
            using var span = source.StartActivity("order", ActivityKind.Producer).ShouldNotBeNull();
            (trace, producer) = (span.TraceId.ToHexString(), span.SpanId.ToHexString());
            using var request =
                new HttpRequestMessage(HttpMethod.Put, "/v1.0/shop/orders/1?ttl=0") { Content = new StringContent("two pizzas") };
            request.Headers.Add("traceparent", span.Id);
            using var put = await burrow.Http.SendAsync(request, Token);
            put.StatusCode.ShouldBe(HttpStatusCode.Created);
        }

        // A worker that is not traced.
        using var claim = new HttpRequestMessage(HttpMethod.Post, "/v1.0/shop/orders?limit=1&hide=60&detail=full");
        claim.Headers.Add("traceparent", "not a trace");
        using var claimed = await burrow.Http.SendAsync(claim, Token);
        var message = (await claimed.Content.ReadFromJsonAsync<JsonElement>(Token))[0];
        await receiver.HasAsync(1);

        OtlpSpan[] Spans() => [.. collector.Spans.Where(span => span.Trace == trace)];
        var inTrace = await collector.HasAsync(() => Spans() is { Length: > 0 } spans
            && new[] { "order", "PUT /v1.0/{account}/{queue}/{message}", "receive", "publish" }.All(
                name => spans.Any(span => span.Name == name)) ? spans : null);
        var order = inTrace.Single(span => span.Name == "order");
        var putting = inTrace.Single(span => span.Name == "PUT /v1.0/{account}/{queue}/{message}");
        var received = inTrace.Single(span => span.Name == "receive");
        var published = inTrace.Single(span => span.Name == "publish");
        order.Id.ShouldBe(producer);
        (putting.Parent, putting.Kind).ShouldBe((producer, Server));
        (received.Parent, received.Kind).ShouldBe((putting.Id, Consumer));
        (published.Parent, published.Kind).ShouldBe((putting.Id, Producer));
        putting.Attributes.ShouldBe(new Dictionary<string, string>
        {
            ["http.request.method"] = "PUT",
            ["http.route"] = "/v1.0/{account}/{queue}/{message}",
            ["messaging.destination.name"] = "orders",
            ["burrow.account"] = "shop",
            ["http.response.status_code"] = "201",
        });
        var stored = inTrace.First(span => span.Name == "submit messages");
        (stored.Parent, stored.Kind, stored.Attributes["db.system.name"]).ShouldBe((putting.Id, Client, "memory"));

        // The claim is another trace. The two traces link to each other.
        var claiming = await collector.HasAsync(() => collector.Spans.FirstOrDefault(span => span.Name == "POST /v1.0/{account}/{queue}"));
        claiming.Trace.ShouldNotBe(trace);
        claiming.Links.ShouldContain((trace, putting.Id));
        received.Links.ShouldContain((claiming.Trace, claiming.Id));
        var sending = await collector.HasAsync(() => collector.Spans.FirstOrDefault(span => span.Name == "publish to Event Grid"));
        sending.Links.ShouldContain((trace, putting.Id));
        published.Links.ShouldContain((sending.Trace, sending.Id));

        // The worker that claims the message and the receiver of its event can both continue the trace.
        var expected = $"00-{trace}-{putting.Id}-01";
        message.GetProperty("traceparent").GetString().ShouldBe(expected);
        receiver.Events.Values.Single().Text("traceparent").ShouldBe(expected);
        collector.Resource["service.name"].ShouldBe("burrow");
    }

    [Fact]
    public async Task Metrics_and_logs_come_too_and_tell_no_bodies()
    {
        const string body = "a body that must not be seen";
        (await burrow.Http.PutAsync(
            "/v1.0/shop/orders/1?ttl=0", new StringContent(body), Token)).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await burrow.Http.PostAsync("/v1.0/shop/orders?limit=1&hide=60&detail=all", null, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await burrow.Http.DeleteAsync("/v1.0/shop/orders/1", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await burrow.Http.GetAsync("/v1.0/shop/orders", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        await HasAsync(
            "burrow.request.duration",
            ("http.request.method", "PUT"),
            ("http.route", "/v1.0/{account}/{queue}/{message}"),
            ("http.response.status_code", "201"));
        await HasAsync(
            "burrow.request.duration",
            ("http.request.method", "GET"),
            ("http.route", "/v1.0/{account}/{queue}"),
            ("http.response.status_code", "404"));
        await HasAsync(
            "burrow.storage.duration", ("db.collection.name", "messages"), ("db.operation.name", "submit"), ("burrow.outcome", "ok"));
        await HasAsync("burrow.group.size", ("burrow.operation", "put"));
        await HasAsync("burrow.group.size", ("burrow.operation", "claim"));
        foreach (var change in (string[])["inserted", "claimed", "deleted"])
            (await HasAsync("burrow.messages", ("burrow.change", change))).Value.ShouldBe(1);
        collector.Points.ShouldContain(point => point.Metric == "dotnet.gc.collections");
        var log = await collector.HasAsync(
            () => collector.Logs.FirstOrDefault(
                line => line.Contains("{Method} {Path}", StringComparison.Ordinal) || line.StartsWith("PUT", StringComparison.Ordinal)));
        log.ShouldNotBeEmpty();
        (string.Join('\n', collector.Logs) + string.Join(
            '\n', collector.Spans.SelectMany(span => span.Attributes.Values))).ShouldNotContain(body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deaths_are_counted_and_claims_by_their_priority_only_where_that_is_asked_for(bool isAskedFor)
    {
        await using var process = await BurrowProcess.StartAsync(
            "memory",
            new Dictionary<string, string?>(collector.Environment) { ["Burrow__Telemetry__ClaimsByPriority"] = $"{isAskedFor}" },
            null,
            int.MaxValue);
        using var put = await process.Http.PutAsync("/v1.0/shop/orders/1?priority=9", new StringContent("x"), Token);
        using var claim = await process.Http.PostAsync("/v1.0/shop/orders?limit=1&hide=60&detail=full", null, Token);
        var receipt = (await claim.Content.ReadFromJsonAsync<JsonElement>(Token))[0].GetProperty("etag").GetString()!;
        using var dead = new HttpRequestMessage(HttpMethod.Post, "/v1.0/shop/orders/1?outcome=dead");
        dead.Headers.TryAddWithoutValidation("If-Match", receipt);
        (await process.Http.SendAsync(dead, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);

        // A burial that found nothing counts 0.
        (await collector.HasAsync(() => collector.Points.FirstOrDefault(
            point => point is { Metric: "burrow.messages.dead", Value: > 0 }))).Value.ShouldBe(1);

        if (isAskedFor)
            (await HasAsync("burrow.claims.by_priority", ("burrow.priority", "9"))).Value.ShouldBe(1);
        else
            collector.Points.ShouldNotContain(point => point.Metric == "burrow.claims.by_priority");
    }

    private Task<OtlpPoint> HasAsync(string metric, params (string Name, string Value)[] attributes) => collector.HasAsync(() =>
        collector.Points.FirstOrDefault(
            point => point.Metric == metric && attributes.All(one => point.Attributes.GetValueOrDefault(one.Name) == one.Value)));

    private async Task SubscribeAsync(WebhookReceiver receiver)
    {
        using var asked = await burrow.Http.PutAsJsonAsync("/subscriptions/shop/hook", new { endpoint = receiver.Url }, Token);
        asked.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await burrow.Http.GetFromJsonAsync<JsonElement>(
            "/subscriptions/shop/hook", patience.Token)).GetProperty("state").GetString() != "active")
        {
            await Task.Delay(20, patience.Token);
        }
    }
}

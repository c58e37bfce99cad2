using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;
using Burrow.Tests.Torture;

namespace Burrow.Tests.Events;

/// <summary>
/// Webhooks from end to end: a real local process, receivers on other ports, and the stand-in for Event Grid between them.
/// </summary>
public sealed class WebhookTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly string Shop = Burrow.Events.Model.Topic.Of(new("shop"));
    private static readonly Dictionary<string, string?> Fast = new() { ["EventGrid__Speed"] = "200" };

    [Fact]
    public async Task Every_message_is_announced_to_every_subscriber_signed_and_a_reader_sees_the_same()
    {
        await using var burrow = await StartAsync("memory");
        await using var one = await WebhookReceiver.StartAsync();
        await using var other = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "one", one);
        await SubscribeAsync(burrow, "other", other);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async client =>
        {
            for (var i = 0; i < 125; i++)
                await PutAsync(burrow, $"{client}-{i}", $"body of {client}-{i}");
        }));
        await Task.WhenAll(one.HasAsync(1000), other.HasAsync(1000));

        one.Events.Keys.Order().ShouldBe(other.Events.Keys.Order());
        var announced = one.Events.Values.Select(received => received.Data.GetProperty("id").GetString()!)
            .Order(StringComparer.Ordinal)
            .ToList();
        one.Events.Values.ShouldAllBe(
            received => received.Data.GetProperty("body").GetString() == $"body of {received.Data.GetProperty("id").GetString()}");
        announced.ShouldBe((await ReadAsync(burrow)).Order(StringComparer.Ordinal));
        var verifier = new Receiver(burrow.Address, Shop, _ => { });
        foreach (var received in other.Events.Values)
        {
            var verified = (await verifier.VerifyAsync(received.Json)).ShouldNotBeNull();
            Encoding.UTF8.GetString(verified.Body!).ShouldBe($"body of {verified.Id}");
        }
    }

    [Fact]
    public async Task An_event_comes_as_Event_Grid_sends_it()
    {
        await using var burrow = await StartAsync("memory");
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(
            burrow,
            "hook",
            receiver,
            new { endpoint = receiver.Url, headers = new Dictionary<string, string> { ["Authorization"] = "Bearer abc" } });

        await PutAsync(burrow, "m 1/é", "hello");
        await receiver.HasAsync(1);

        var received = receiver.Events.Values.Single();
        received.ContentType.ShouldBe("application/cloudevents+json; charset=utf-8");
        received.Headers["aeg-event-type"].ShouldBe("Notification");
        received.Headers["aeg-subscription-name"].ShouldBe("HOOK");
        received.Headers["aeg-delivery-count"].ShouldBe("0");
        received.Headers["Authorization"].ShouldBe("Bearer abc");
        received.Text("specversion").ShouldBe("1.0");
        received.Text("subject").ShouldBe("orders/m%201%2F%C3%A9");
        received.Text("type").ShouldBe("Burrow.MessageCreated");
        received.Text("source").Length.ShouldBe(50);
        received.Data.GetProperty("account").GetString().ShouldBe("shop");
        received.Data.GetProperty("ttl").GetInt64().ShouldBe(300);
        var formatter = new CloudNative.CloudEvents.SystemTextJson.JsonEventFormatter();
        formatter.DecodeStructuredModeMessage(received.Bytes, new("application/cloudevents+json"), null).IsValid.ShouldBeTrue();
    }

    [Fact]
    public async Task A_receiver_checks_what_it_is_sent()
    {
        await using var burrow = await StartAsync("memory");
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "hook", receiver);
        await PutAsync(burrow, "m1", "hello");
        await receiver.HasAsync(1);
        var genuine = receiver.Events.Values.Single().Json.GetRawText();
        var verifier = new Receiver(burrow.Address, Shop, _ => { });

        (await IsGenuineAsync(genuine)).ShouldBeTrue();
        foreach (var (what, by) in new[]
        {
            ("\"hello\"", "\"hellO\""), ("Burrow.MessageCreated", "Burrow.MessageExpired"), ("\"id\":\"0", "\"id\":\"1"),
            ("\"signature\":\"", "\"signature\":\"x"), ("\"signature\"", "\"unsigned\""),
        })
        {
            genuine.ShouldContain(what);
            (await IsGenuineAsync(genuine.Replace(what, by, StringComparison.Ordinal))).ShouldBeFalse(what);
        }

        // The verifier returns only what is signed.
        var told = await verifier.VerifyAsync(
            JsonDocument.Parse(genuine.Replace("\"queue\":\"orders\"", "\"queue\":\"other\"", StringComparison.Ordinal)).RootElement);
        (told!.Queue, told.Id, told.Type).ShouldBe(("orders", "m1", "Burrow.MessageCreated"));
        // Another tenant's events are signed as well, but they are refused here.
        (await new Receiver(
            burrow.Address,
            Burrow.Events.Model.Topic.Of(new("other")),
            _ => { }).VerifyAsync(JsonDocument.Parse(genuine).RootElement)).ShouldBeNull();

        async Task<bool> IsGenuineAsync(string json) => await verifier.VerifyAsync(JsonDocument.Parse(json).RootElement) is not null;
    }

    [Fact]
    public async Task One_that_was_busy_catches_up()
    {
        await using var burrow = await StartAsync("memory");
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "hook", receiver);

        receiver.Status = 503;
        for (var i = 0; i < 20; i++)
            await PutAsync(burrow, $"m{i}", "");
        await receiver.WasSentAsync(25);
        receiver.Status = 200;

        await receiver.HasAsync(20);
    }

    [Fact]
    public async Task What_is_refused_for_good_is_a_dead_letter_at_once()
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await StartAsync("sqlite:burrow.db", folder);
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "hook", receiver);

        receiver.Status = 400;
        await PutAsync(burrow, "m1", "hello");
        var file = await FileAsync(folder.File("burrow.db-events/dead-letters"));

        receiver.Attempts.ShouldBe(1);
        var letter = JsonDocument.Parse(await File.ReadAllTextAsync(file, Token)).RootElement.EnumerateArray().Single();
        letter.GetProperty("deadletterreason").GetString().ShouldBe("UndeliverableDueToClientError");
        letter.GetProperty("deliveryattempts").GetInt32().ShouldBe(1);
        letter.GetProperty("deliveryresult").GetString().ShouldBe("BadRequest");
        letter.GetProperty("data").GetProperty("body").GetString().ShouldBe("hello");
    }

    [Fact]
    public async Task After_the_last_attempt_it_is_a_dead_letter()
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await StartAsync("sqlite:burrow.db", folder);
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "hook", receiver, new { endpoint = receiver.Url, maxAttempts = 3 });

        receiver.Status = 500;
        await PutAsync(burrow, "m1", "");
        var file = await FileAsync(folder.File("burrow.db-events/dead-letters"));

        receiver.Attempts.ShouldBe(3);
        JsonDocument.Parse(await File.ReadAllTextAsync(file, Token)).RootElement[0].GetProperty("deadletterreason")
            .GetString()
            .ShouldBe("MaxDeliveryAttemptsExceeded");
    }

    [Fact]
    public async Task After_its_time_to_live_it_is_a_dead_letter()
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await StartAsync("sqlite:burrow.db", folder);
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "hook", receiver, new { endpoint = receiver.Url, eventTimeToLive = 1 });

        receiver.Status = 503;
        await PutAsync(burrow, "m1", "");
        var file = await FileAsync(folder.File("burrow.db-events/dead-letters"));

        JsonDocument.Parse(await File.ReadAllTextAsync(file, Token)).RootElement[0].GetProperty("deadletterreason")
            .GetString()
            .ShouldBe("TimeToLiveExceeded");
    }

    [Fact]
    public async Task One_that_does_not_agree_fails_and_is_sent_nothing()
    {
        await using var burrow = await StartAsync("memory");
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Agrees = false;
        using var put = await burrow.Http.PutAsJsonAsync("/subscriptions/shop/hook", new { endpoint = receiver.Url }, Token);
        (await put.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("state").GetString().ShouldBe("pending");

        var settled = await SettledAsync(burrow, "hook");
        settled.GetProperty("state").GetString().ShouldBe("failed");
        settled.GetProperty("reason").GetString().ShouldBe($"Webhook validation handshake failed for {receiver.Url}: it answered 405.");
        await PutAsync(burrow, "m1", "");
        receiver.Attempts.ShouldBe(0);
        receiver.Handshakes.ShouldBe(1);
    }

    [Fact]
    public async Task The_query_of_an_endpoint_reaches_the_endpoint_and_nothing_else()
    {
        var code = SuiteLog.Whole.Keep($"k3y-{Guid.NewGuid():n}");
        using var folder = new TemporaryFolder();
        await using var receiver = await WebhookReceiver.StartAsync();
        var endpoint = $"{receiver.Url}?code={code}&v=1";
        var shown = new List<string>();
        await using (var burrow = await StartAsync("sqlite:burrow.db", folder))
        {
            await SubscribeAsync(burrow, "hook", receiver, new { endpoint });
            await PutAsync(burrow, "m1", "hello");
            await receiver.HasAsync(1);
            receiver.Status = 400;
            await PutAsync(burrow, "m2", "hello");
            shown.Add(await File.ReadAllTextAsync(await FileAsync(folder.File("burrow.db-events/dead-letters")), Token));
            receiver.Agrees = false;
            using var refused = await burrow.Http.PutAsJsonAsync("/subscriptions/shop/refused", new { endpoint }, Token);
            (await SettledAsync(burrow, "refused")).GetProperty("state").GetString().ShouldBe("failed");
            using var unreachable = await burrow.Http.PutAsJsonAsync(
                "/subscriptions/shop/unreachable", new { endpoint = $"http://127.0.0.1:9/?code={code}" }, Token);
            (await SettledAsync(burrow, "unreachable")).GetProperty("state").GetString().ShouldBe("failed");
            shown.Add(await burrow.Http.GetStringAsync("/subscriptions/shop", Token));
            shown.Add(await burrow.Http.GetStringAsync("/console/deliveries/shop", Token));
        }

        receiver.Queries.ShouldBe([$"?code={code}&v=1"]);
        shown[1].ShouldContain($"\"endpoint\":\"{receiver.Url}?***\"");
        var files = Directory.EnumerateFiles(folder.File(""), "*", SearchOption.AllDirectories);
        shown.AddRange(files.Select(file => File.ReadAllText(file, Encoding.Latin1)));
        shown.ShouldAllBe(text => !text.Contains(code, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Only_what_was_subscribed_to_is_announced()
    {
        await using var burrow = await StartAsync("memory");
        await using var receiver = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "hook", receiver, new { endpoint = receiver.Url, queues = "ord" });
        await using var prefix = await WebhookReceiver.StartAsync();
        await SubscribeAsync(burrow, "prefix", prefix, new { endpoint = prefix.Url, queues = "ord*" });

        await burrow.Http.PutAsync("/v1.0/shop/ord/1", null, Token);
        await burrow.Http.PutAsync("/v1.0/shop/orders/2", null, Token);
        await burrow.Http.PutAsync("/v1.0/shop/Ord/3", null, Token);
        await burrow.Http.PutAsync("/v1.0/other/ord/4", null, Token);
        await prefix.HasAsync(2);
        await receiver.HasAsync(1);

        receiver.Events.Values.Select(received => received.Text("subject")).ShouldBe(["ord/1"]);
        prefix.Events.Values.Select(received => received.Text("subject")).Order().ShouldBe(["ord/1", "orders/2"]);
    }

    [Fact]
    public async Task Subscriptions_and_what_was_taken_survive_a_kill()
    {
        using var folder = new TemporaryFolder();
        await using var receiver = await WebhookReceiver.StartAsync();
        var put = new List<string>();
        var random = new Random(TortureSize.Seed);
        string keys;
        await using (var burrow = await StartAsync("sqlite:burrow.db", folder))
        {
            await SubscribeAsync(burrow, "hook", receiver);
            keys = await burrow.Http.GetStringAsync("/.well-known/jwks.json", Token);
        }

        for (var round = 0; round < TortureSize.KillsWhileTelling; round++)
        {
            await using var burrow = await StartAsync("sqlite:burrow.db", folder);
            // The process is killed while a put is under way: between a commit and what follows it.
            var until = random.Next(1, 60);
            var putting = Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
            {
                for (var i = 0; ; i++)
                {
                    var id = $"{round}-{client}-{i}";
                    await PutAsync(burrow, id, "");
                    lock (put)
                        put.Add(id);
                }
            }));
            while (!putting.IsFaulted)
            {
                lock (put)
                {
                    if (put.Count >= (round * 60) + until)
                        break;
                }

                await Task.Delay(1, Token);
            }

            await burrow.KillAsync();
            await Should.ThrowAsync<Exception>(putting);
        }

        await using var last = await StartAsync("sqlite:burrow.db", folder, ("EventGrid__Speed", "1000"));
        (await last.Http.GetStringAsync("/.well-known/jwks.json", Token)).ShouldBe(keys);
        await AnnouncedAsync(receiver, put);
    }

    private static Task<BurrowProcess> StartAsync(
        string tables, TemporaryFolder? folder = null, params (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string?>(Fast);
        foreach (var (name, value) in settings)
            environment[name] = value;
        return BurrowProcess.StartAsync(tables, environment, folder?.File(""), int.MaxValue);
    }

    private static async Task SubscribeAsync(BurrowProcess burrow, string name, WebhookReceiver receiver, object? subscription = null)
    {
        using var answer = await burrow.Http.PutAsJsonAsync($"/subscriptions/shop/{name}", subscription ?? new { endpoint = receiver.Url });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        (await SettledAsync(burrow, name)).GetProperty("state").GetString().ShouldBe("active");
    }

    private static async Task<JsonElement> SettledAsync(BurrowProcess burrow, string name)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var subscription = await burrow.Http.GetFromJsonAsync<JsonElement>($"/subscriptions/shop/{name}", patience.Token);
            if (subscription.GetProperty("state").GetString() != "pending")
                return subscription;
            await Task.Delay(20, patience.Token);
        }
    }

    private static async Task PutAsync(BurrowProcess burrow, string id, string body)
    {
        using var answer = await burrow.Http.PutAsync($"/v1.0/shop/orders/{Uri.EscapeDataString(id)}?ttl=300", new StringContent(body));
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private static async Task<List<string>> ReadAsync(BurrowProcess burrow)
    {
        var ids = new List<string>();
        var marker = "";
        while (true)
        {
            using var page = await burrow.Http.GetAsync($"/v1.0/shop/orders?detail=id&limit=100&marker={marker}");
            if (page.StatusCode == HttpStatusCode.NotFound)
                return ids;
            ids.AddRange((await page.Content.ReadFromJsonAsync<List<string>>())!);
            marker = ids[^1];
        }
    }

    private static async Task AnnouncedAsync(WebhookReceiver receiver, List<string> put)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (true)
        {
            var announced = receiver.Events.Values.Select(received => received.Data.GetProperty("id").GetString()!).ToHashSet();
            if (put.TrueForAll(announced.Contains))
                return;
            await Task.Delay(100, patience.Token);
        }
    }

    private static async Task<string> FileAsync(string folder)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (Directory.Exists(folder)
                && Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).FirstOrDefault() is { } file)
            {
                return file;
            }

            await Task.Delay(20, patience.Token);
        }
    }
}

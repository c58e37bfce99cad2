using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Queues.Rows;
using Burrow.Telemetry;

namespace Burrow.Relays;

/// <summary>The way to other deployments: the batches and producers of their protocol, over HTTPS.</summary>
internal sealed class HttpRelayWire(HttpClient http, RelayKeys keys, TimeProvider time) : IRelayWire
{
    /// <summary>The key of the HTTP client that speaks to other deployments.</summary>
    public const string ServiceKey = "Relays";

    private const string StampHeader = "Burrow-Stamp";
    private const int MaxText = 500;

    public Task<RelayAnswer> SendAsync(Relay relay, QueueName queue, RelayBatch batch, CancellationToken cancellationToken)
    {
        var previous = batch.Previous is { } number ? string.Create(CultureInfo.InvariantCulture, $"&previous={number}") : "";
        var request = new HttpRequestMessage(
            HttpMethod.Post,
            new Uri(relay.To, string.Create(
                CultureInfo.InvariantCulture,
                $"/batch/{Escape(relay.Account.Value)}/{Escape(queue.Value)}"
                + $"?producer={Escape(batch.Producer.Value)}&epoch={batch.Epoch}{previous}")))
        {
            Content = new ByteArrayContent(Write(batch)) { Headers = { ContentType = new("application/json") } },
        };
        if (!batch.IsOfChanges)
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        return CallAsync(relay, request, ItemsOf, cancellationToken);
    }

    public Task<RelayAnswer> AskAsync(Relay relay, QueueName queue, ProducerName producer, CancellationToken cancellationToken)
    {
        var uri = new Uri(
            relay.To, $"/producers/{Escape(relay.Account.Value)}/{Escape(queue.Value)}/{Escape(producer.Value)}");
        return CallAsync(relay, new(HttpMethod.Get, uri), ProducerOf, cancellationToken);
    }

    public Task<RelayAnswer> ListAsync(
        Relay relay, QueueName queue, ProducerName producer, string? after, CancellationToken cancellationToken)
    {
        var marker = after is null ? "" : $"?marker={Escape(after)}";
        var uri = new Uri(
            relay.To,
            $"/producers/{Escape(relay.Account.Value)}/{Escape(queue.Value)}/{Escape(producer.Value)}/messages{marker}");
        return CallAsync(relay, new(HttpMethod.Get, uri), MessagesOf, cancellationToken);
    }

    /// <summary>The client of relays: it goes to the address that it is given, and nowhere else.</summary>
    public static HttpClient NewClient(RelayRules rules) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ConnectCallback = rules.ConnectAsync,
    })
    {
        // A batch may wait for its forerunners for 10 s.
        Timeout = TimeSpan.FromSeconds(60),
        MaxResponseContentBufferSize = 4 * 1024 * 1024,
        DefaultRequestVersion = System.Net.HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
    };

    private async Task<RelayAnswer> CallAsync(
        Relay relay, HttpRequestMessage request, Func<byte[], RelayAnswer> read, CancellationToken cancellationToken)
    {
        using var span = Instruments.Source.StartActivity("relay", System.Diagnostics.ActivityKind.Client);
        span?.SetTag("server.address", relay.To.Host).SetTag("burrow.relay", relay.Name.Value);
        try
        {
            using (request)
            {
                if (keys.Open(relay) is { } key)
                    request.Headers.Authorization = new("Bearer", key);
                using var response = await http.SendAsync(request, cancellationToken);
                var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
                var status = (int)response.StatusCode;
                // A producer that is not there has put nothing.
                var answer = status == 200 ? read(body)
                    : status == 404 && request.Method == HttpMethod.Get && IsOfBurrow(body) ? new(200)
                    : new RelayAnswer(status) { Text = TextOf(body), RetryAfter = RetryAfterOf(response) };
                return answer with { Stamp = response.Headers.TryGetValues(StampHeader, out var stamps) ? stamps.FirstOrDefault() : null };
            }
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return new(0) { Text = e is TaskCanceledException ? "no answer within 60 s" : Short(e.GetBaseException().Message) };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException
            or InvalidRequestException)
        {
            return new(502) { Text = "The answer is not what a deployment of Burrow answers." };
        }
        catch (Exception e) when (e is CryptographicException or ArgumentOutOfRangeException)
        {
            return new(401) { Text = "The relay's key was encrypted under another secret: put the relay again." };
        }
    }

    private static string Escape(string name) => Uri.EscapeDataString(name);

    private static byte[] Write(RelayBatch batch)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var message in batch.Messages)
            {
                if (batch.IsOfChanges)
                    WriteChange(json, message);
                else
                    Write(json, message, batch.StampsOf(message));
            }

            json.WriteEndArray();
        }

        return buffer.ToArray();
    }

    private static void Write(Utf8JsonWriter json, RelayRow message, IReadOnlyList<string> stamps)
    {
        json.WriteStartObject();
        if (message.IsGone)
            WriteGone(json, message);
        else
            WriteRest(json, message);
        json.WriteString("inserted", Instant(message.Inserted));
        json.WriteNumber("priority", message.Priority);
        if (message.Group is { } group)
            json.WriteString("group", group.Value);
        json.WriteStartArray("via");
        foreach (var stamp in stamps)
            json.WriteStringValue(stamp);
        json.WriteEndArray();
        if (message.Own is { } own)
        {
            json.WriteStartObject("producer");
            json.WriteString("name", own.Producer.Value);
            json.WriteNumber("number", own.Number);
            json.WriteNumber("epoch", own.Epoch);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteChange(Utf8JsonWriter json, RelayRow message)
    {
        json.WriteStartObject();
        json.WriteString("op", "mirror");
        if (message.IsGone)
        {
            WriteGone(json, message);
            json.WriteEndObject();
            return;
        }

        WriteRest(json, message);
        if (message.DiedAt != 0)
            json.WriteString("died", Instant(message.DiedAt));
        if (message.Causes.Count > 0)
            CausesJson.Write(json, message.Causes, at => Instant(at.UtcTicks));
        json.WriteEndObject();
    }

    private static void WriteGone(Utf8JsonWriter json, RelayRow message)
    {
        json.WriteString("id", message.Id.Value);
        json.WriteNumber("number", message.Sequence.Value);
        json.WriteBoolean("gone", true);
    }

    /// <summary>Writes what a new message and a changed one have in common.</summary>
    private static void WriteRest(Utf8JsonWriter json, RelayRow message)
    {
        json.WriteString("id", message.Id.Value);
        json.WriteNumber("number", message.Sequence.Value);
        if (message.ExpiresAt != MessageState.Never)
            json.WriteString("expires", Instant(message.ExpiresAt));
        if (message.VisibleAt != 0)
            json.WriteString("visibleAt", Instant(message.VisibleAt));
        if (message.ContentType is { } type)
            json.WriteString("contentType", type);
        if (message.TraceParent is { } trace)
            json.WriteString("traceparent", trace);
        if (Utf8.IsValid(message.Body))
        {
            json.WriteString("body", message.Body);
        }
        else
        {
            json.WriteString("encoding", "base64");
            json.WriteBase64String("body", message.Body);
        }
    }

    private static string Instant(long ticks) =>
        new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static RelayAnswer ItemsOf(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return new(200)
        {
            Items =
            [
                .. json.RootElement.EnumerateArray().Select(item => new RelayedItem(
                    item.GetProperty("status").GetInt32(),
                    item.TryGetProperty("error", out var error) ? Short(error.GetString() ?? "") : null)),
            ],
        };
    }

    private static RelayAnswer ProducerOf(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return new(200)
        {
            Last = json.RootElement.TryGetProperty("last", out var last) ? last.GetInt64() : null,
            Epoch = json.RootElement.GetProperty("epoch").GetInt64(),
        };
    }

    private static RelayAnswer MessagesOf(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return new(200)
        {
            Came =
            [
                .. json.RootElement.GetProperty("messages").EnumerateArray().Select(
                    one => (MessageId.Parse(one.GetProperty("id").GetString() ?? ""), one.GetProperty("number").GetInt64())),
            ],
            Next = json.RootElement.TryGetProperty("next", out var next) ? next.GetString() : null,
        };
    }

    /// <summary>Whether Burrow itself says that something is not there, and not what stands before it.</summary>
    private static bool IsOfBurrow(byte[] body) => body.AsSpan().IndexOf("\"urn:burrow:problem:not-found\""u8) >= 0;

    /// <summary>The text of a problem (RFC 9457), or the beginning of what else it is.</summary>
    private static string TextOf(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("detail", out var detail))
                return Short(detail.GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It comes from something in between.
        }

        return "no reason was given";
    }

    private static string Short(string text) => text.Length <= MaxText ? text : text[..MaxText];

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } wait } => wait,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };
}

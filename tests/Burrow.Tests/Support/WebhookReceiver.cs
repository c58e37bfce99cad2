using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Burrow.Tests.Support;

/// <summary>A subscriber's webhook: Kestrel on a free loopback port.</summary>
internal sealed class WebhookReceiver : LoopbackServer
{
    private readonly ConcurrentDictionary<string, bool> queries = new();

    /// <summary>The status of its responses to events.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Whether it agrees to get events.</summary>
    public bool Agrees { get; set; } = true;

    /// <summary>The origins that its answer to the handshake names; empty: none; null: the one that asked.</summary>
    public string? AllowedOrigin { get; set; }

    /// <summary>How many handshake requests it got.</summary>
    public int Handshakes { get; private set; }

    /// <summary>The headers of the last handshake request.</summary>
    public IReadOnlyDictionary<string, string> HandshakeHeaders { get; private set; } = new Dictionary<string, string>();

    /// <summary>The events that it got and accepted, by the event's id.</summary>
    public ConcurrentDictionary<string, ReceivedEvent> Events { get; } = new();

    /// <summary>The different queries of the requests that it got.</summary>
    public IEnumerable<string> Queries => queries.Keys;

    /// <summary>How many events it got, accepted or not.</summary>
    public int Attempts { get; private set; }

    public string Url => new Uri(Address, "/hook").AbsoluteUri;

    public static Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver();
        return StartAsync(receiver, app =>
        {
            app.MapMethods("/hook", ["OPTIONS"], receiver.ShakeHands);
            app.MapPost("/hook", receiver.ReceiveAsync);
        });
    }

    /// <summary>Waits until it has accepted that many different events.</summary>
    public Task HasAsync(int count) => WaitUntilAsync(() => Events.Count >= count);

    /// <summary>Waits until it has got that many events, accepted or not.</summary>
    public Task WasSentAsync(int count) => WaitUntilAsync(() => Attempts >= count);

    private IResult ShakeHands(HttpRequest request)
    {
        Handshakes++;
        queries[$"{request.QueryString}"] = true;
        HandshakeHeaders = HeadersOf(request);
        if (!Agrees)
            return Results.StatusCode(405);
        if (AllowedOrigin != "")
            request.HttpContext.Response.Headers["WebHook-Allowed-Origin"] = AllowedOrigin ?? request.Headers["WebHook-Request-Origin"];
        return Results.Ok();
    }

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        queries[$"{request.QueryString}"] = true;
        using var memory = new MemoryStream();
        await request.Body.CopyToAsync(memory);
        var bytes = memory.ToArray();
        var json = JsonDocument.Parse(bytes).RootElement;
        lock (Events)
            Attempts++;
        if (Status == 200)
        {
            Events.AddOrUpdate(
                json.GetProperty("id").GetString()!,
                _ => new(
                    json,
                    bytes,
                    request.ContentType,
                    HeadersOf(request),
                    1),
                (_, before) => before with { Times = before.Times + 1 });
        }

        NoteArrival();
        return Results.StatusCode(Status);
    }

    private static Dictionary<string, string> HeadersOf(HttpRequest request) =>
        request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
}

/// <summary>An event as it arrived.</summary>
internal sealed record ReceivedEvent(
    JsonElement Json, byte[] Bytes, string? ContentType, IReadOnlyDictionary<string, string> Headers, int Times)
{
    public JsonElement Data => Json.GetProperty("data");

    public string Text(string name) => Json.GetProperty(name).GetString()!;
}

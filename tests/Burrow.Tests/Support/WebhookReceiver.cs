using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Burrow.Tests.Support;

/// <summary>Somebody's webhook: Kestrel on a free loopback port.</summary>
internal sealed class WebhookReceiver : LoopbackServer
{
    /// <summary>What it answers to events.</summary>
    public int Status { get; set; } = 200;

    /// <summary>Whether it agrees to be sent events.</summary>
    public bool Agrees { get; set; } = true;

    /// <summary>How often it was asked.</summary>
    public int Handshakes { get; private set; }

    /// <summary>What it was sent and took, by the event's id.</summary>
    public ConcurrentDictionary<string, ReceivedEvent> Events { get; } = new();

    /// <summary>How often it was sent something, taken or not.</summary>
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

    /// <summary>Waits until it has taken so many different events.</summary>
    public Task HasAsync(int count) => WaitUntilAsync(() => Events.Count >= count);

    /// <summary>Waits until it was sent something so many times.</summary>
    public Task WasSentAsync(int count) => WaitUntilAsync(() => Attempts >= count);

    private IResult ShakeHands(HttpRequest request)
    {
        Handshakes++;
        if (!Agrees)
            return Results.StatusCode(405);
        request.HttpContext.Response.Headers["WebHook-Allowed-Origin"] = request.Headers["WebHook-Request-Origin"];
        return Results.Ok();
    }

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
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
                    request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
                    1),
                (_, before) => before with { Times = before.Times + 1 });
        }

        NoteArrival();
        return Results.StatusCode(Status);
    }
}

/// <summary>An event as it came.</summary>
internal sealed record ReceivedEvent(
    JsonElement Json, byte[] Bytes, string? ContentType, IReadOnlyDictionary<string, string> Headers, int Times)
{
    public JsonElement Data => Json.GetProperty("data");

    public string Text(string name) => Json.GetProperty(name).GetString()!;
}

// A webhook that takes Burrow's events, each after it checked that it came from there, and is of the account that it is for. For a
// program of its own: a project of Microsoft.NET.Sdk.Web with the package jose-jwt, and
//
//     var app = WebApplication.CreateBuilder(args).Build();
//     var receiver = new Receiver(new Uri("https://burrow.example"), "a-…", message => Console.WriteLine(message));
//     app.MapMethods("/hook", ["OPTIONS"], receiver.ShakeHands);
//     app.MapPost("/hook", receiver.ReceiveAsync);
//     app.Run();

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Jose;
using Microsoft.AspNetCore.Http;

/// <summary>What is certain of an event: it was signed.</summary>
/// <param name="EventId">The same each time it is sent.</param>
/// <param name="Type">What happened.</param>
/// <param name="Queue">To a message in this queue,</param>
/// <param name="Id">of this id.</param>
/// <param name="Body">That was its body; null: it isn't in the event, and is to be fetched from the account itself, or is gone.</param>
public sealed record ReceivedMessage(string EventId, string Type, string Queue, string Id, byte[]? Body);

/// <summary>Receives events and verifies their signatures.</summary>
/// <param name="burrow">Whose events are taken.</param>
/// <param name="source">Of which account: the <c>source</c> of its events. Others' events are signed just as well.</param>
/// <param name="take">Gets each event; may get one twice.</param>
public sealed class Receiver(Uri burrow, string source, Action<ReceivedMessage> take)
{
    private static readonly HttpClient Http = new();

    private readonly Lock gate = new();
    private Task<JwkSet>? keys;
    private DateTime keysRead;

    /// <summary>Event Grid asks once whether it may send events (CloudEvents webhooks, section 4).</summary>
    public IResult ShakeHands(HttpRequest request)
    {
        request.HttpContext.Response.Headers["WebHook-Allowed-Origin"] = request.Headers["WebHook-Request-Origin"];
        return Results.Ok();
    }

    /// <summary>401 for what Burrow didn't sign for this account: Event Grid doesn't try such again.</summary>
    public async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var received = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        if (await VerifyAsync(received.RootElement) is not { } message)
            return Results.Unauthorized();
        take(message);
        return Results.Ok();
    }

    /// <summary>What the signature says of an event, if it is Burrow's and the event says the same; else null.</summary>
    public async Task<ReceivedMessage?> VerifyAsync(JsonElement received)
    {
        try
        {
            var signature = received.GetProperty("signature").GetString()!;
            if (await FindAsync(JWT.Headers(signature)["kid"] as string) is not { } key)
                return null;
            using var claims = JsonDocument.Parse(JWT.Decode(signature, key, JwsAlgorithm.ES256));
            var claim = claims.RootElement;
            var body = BodyOf(received.GetProperty("data"));
            if (Text(claim, "iss") != burrow.GetLeftPart(UriPartial.Authority)
                || Text(claim, "source") != source
                || Text(claim, "jti") != Text(received, "id")
                || Text(claim, "type") != Text(received, "type")
                || (body is not null && Text(claim, "bodyhash") != Base64Url.Encode(SHA256.HashData(body))))
            {
                return null;
            }

            // From the signature, not from the data, of which only the body is signed.
            var subject = Text(claim, "subject").Split('/');
            return new(Text(claim, "jti"), Text(claim, "type"), Uri.UnescapeDataString(subject[0]), Uri.UnescapeDataString(subject[1]), body);
        }
        catch (Exception e) when (e is JoseException or KeyNotFoundException or InvalidOperationException or JsonException or ArgumentException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static byte[]? BodyOf(JsonElement data)
    {
        if (!data.TryGetProperty("body", out var body))
            return null;
        return data.TryGetProperty("encoding", out _) ? body.GetBytesFromBase64() : Encoding.UTF8.GetBytes(body.GetString()!);
    }

    /// <summary>The key of that id. One that isn't known may be new; but anybody can send an id.</summary>
    private async Task<Jwk?> FindAsync(string? id)
    {
        return (await KeysAsync(_ => false)).FirstOrDefault(key => key.KeyId == id)
            ?? (await KeysAsync(read => DateTime.UtcNow - read > TimeSpan.FromMinutes(1))).FirstOrDefault(key => key.KeyId == id);
    }

    /// <summary>All who come while they are read wait for the same answer. Where they can't be read, this fails: 500, which is tried again.</summary>
    private Task<JwkSet> KeysAsync(Predicate<DateTime> isOld)
    {
        lock (gate)
        {
            if (keys is null || keys.IsFaulted || (keys.IsCompleted && isOld(keysRead)))
                (keys, keysRead) = (ReadAsync(), DateTime.UtcNow);
            return keys;
        }

        async Task<JwkSet> ReadAsync() =>
            JwkSet.FromJson(await Http.GetStringAsync(new Uri(burrow, "/.well-known/jwks.json")), JWT.DefaultSettings.JsonMapper);
    }
}

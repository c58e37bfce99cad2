// A webhook that receives Burrow's events. It checks that Burrow signed each event, and that the event is of its own account.
// To run it as a program, make a project of Microsoft.NET.Sdk.Web with the package jose-jwt, and add:
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

/// <summary>The part of an event that Burrow signed.</summary>
/// <param name="EventId">The event's id: the same each time that the event is sent.</param>
/// <param name="Type">The event's type: what happened to the message.</param>
/// <param name="Queue">The message's queue.</param>
/// <param name="Id">The message's id.</param>
/// <param name="Body">The message's body. Null if the event does not contain it: fetch it from the account, if it still exists.</param>
public sealed record ReceivedMessage(string EventId, string Type, string Queue, string Id, byte[]? Body);

/// <summary>Receives events and verifies their signatures.</summary>
/// <param name="burrow">The address of the Burrow service whose events are accepted.</param>
/// <param name="source">The <c>source</c> of the account's events. Burrow signs the events of other accounts as well.</param>
/// <param name="take">Receives each event. It may receive an event twice.</param>
public sealed class Receiver(Uri burrow, string source, Action<ReceivedMessage> take)
{
    private static readonly HttpClient Http = new();

    private readonly Lock gate = new();
    private Task<JwkSet>? keys;
    private DateTime keysRead;

    /// <summary>Allows Event Grid to send events. Event Grid asks once (CloudEvents webhooks, section 4).</summary>
    public IResult ShakeHands(HttpRequest request)
    {
        request.HttpContext.Response.Headers["WebHook-Allowed-Origin"] = request.Headers["WebHook-Request-Origin"];
        return Results.Ok();
    }

    /// <summary>Receives an event. Answers 401 if Burrow did not sign it for this account. Event Grid does not retry after a 401.</summary>
    public async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var received = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        if (await VerifyAsync(received.RootElement) is not { } message)
            return Results.Unauthorized();
        take(message);
        return Results.Ok();
    }

    /// <summary>Returns the signed part of an event. Null if Burrow did not sign it, or if the event differs from it.</summary>
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

            // Read from the signature, because only the body of the data is signed.
            var subject = Text(claim, "subject").Split('/');
            return new(
                Text(claim, "jti"), Text(claim, "type"), Uri.UnescapeDataString(subject[0]), Uri.UnescapeDataString(subject[1]), body);
        }
        catch (Exception e) when (e is JoseException or KeyNotFoundException or InvalidOperationException or JsonException
            or ArgumentException or FormatException or IndexOutOfRangeException)
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

    /// <summary>
    /// Finds a key by its id. An unknown id may be that of a new key, so the keys are read again. Any caller can send any id, so that
    /// happens at most once a minute.
    /// </summary>
    private async Task<Jwk?> FindAsync(string? id)
    {
        return (await KeysAsync(_ => false)).FirstOrDefault(key => key.KeyId == id)
            ?? (await KeysAsync(read => DateTime.UtcNow - read > TimeSpan.FromMinutes(1))).FirstOrDefault(key => key.KeyId == id);
    }

    /// <summary>
    /// Returns the public keys. Concurrent calls share one read. If it fails, so does the request: the answer is 500, and Event Grid
    /// retries.
    /// </summary>
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

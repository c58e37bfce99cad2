// A webhook that receives Burrow's events. It checks that Burrow signed each event, and that the event is of its own account.

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
    /// <summary>The most bytes that an event has. Event Grid takes no larger ones, and any caller can send more.</summary>
    private const int MaxBytes = 1024 * 1024;

    private static readonly HttpClient Http = new();

    private readonly Lock gate = new();
    private Task<JwkSet>? keys;
    private DateTime keysRead;

    /// <summary>Allows Event Grid to send events. Event Grid asks once (CloudEvents webhooks, section 4).</summary>
    public static IResult ShakeHands(HttpRequest request)
    {
        request.HttpContext.Response.Headers["WebHook-Allowed-Origin"] = request.Headers["WebHook-Request-Origin"];
        return Results.Ok();
    }

    /// <summary>
    /// Receives an event. Answers 401 if Burrow did not sign it for this account, 400 if it isn't JSON, and 413 if it is larger than an
    /// event. Event Grid does not retry after any of these.
    /// </summary>
    public async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        // One byte more than an event has: if that is read too, the body is larger.
        var bytes = new byte[Math.Min(request.ContentLength ?? MaxBytes, MaxBytes) + 1];
        var length = await request.Body.ReadAtLeastAsync(
            bytes, bytes.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        if (length == bytes.Length)
            return Results.StatusCode(StatusCodes.Status413PayloadTooLarge);
        if (Read(() => JsonDocument.Parse(bytes.AsMemory(0, length))) is not { } received)
            return Results.BadRequest();
        using (received)
        {
            if (await VerifyAsync(received.RootElement) is not { } message)
                return Results.Unauthorized();
            take(message);
            return Results.Ok();
        }
    }

    /// <summary>Returns the signed part of an event. Null if Burrow did not sign it, or if the event differs from it.</summary>
    public async Task<ReceivedMessage?> VerifyAsync(JsonElement received)
    {
        // If the keys can't be read, the event is not refused: the answer is 500, and Event Grid retries.
        return Read(() => KeyIdOf(Text(received, "signature"))) is { } id && await FindAsync(id) is { } key
            ? Read(() => Verify(received, key))
            : null;
    }

    /// <summary>Checks the form of a signature, and returns the id of its key.</summary>
    private static string? KeyIdOf(string signature)
    {
        // Each part is base64url in the one form that a signer writes. JWT would take others too.
        var parts = Compact.Parse(signature);
        if (parts.Length != 3 || Compact.Serialize(parts) != signature)
            return null;
        using var header = JsonDocument.Parse(parts[0]);
        // No extension is known here, so a signature that needs one is refused (RFC 7515, section 4.1.11).
        return Find(header.RootElement, "crit") is null && Find(header.RootElement, "b64") is null
            ? Text(header.RootElement, "kid")
            : null;
    }

    private ReceivedMessage? Verify(JsonElement received, Jwk key)
    {
        byte[] payload;
        // A key is not for several threads at a time: it is filled in when it is first used.
        lock (key)
            payload = JWT.DecodeBytes(Text(received, "signature"), key, JwsAlgorithm.ES256);
        using var claims = JsonDocument.Parse(payload);
        var claim = claims.RootElement;
        var subject = Text(claim, "subject").Split('/');
        var body = Find(received, "data") is { } data ? BodyOf(data) : null;
        if (Text(claim, "iss") != burrow.GetLeftPart(UriPartial.Authority)
            || Text(claim, "source") != source
            || Text(claim, "jti") != Text(received, "id")
            || Array.Exists(["source", "type", "subject"], name => Text(claim, name) != Text(received, name))
            || Find(claim, "iat") is not { ValueKind: JsonValueKind.Number }
            || Find(claim, "exp")?.GetDouble() <= DateTimeOffset.UtcNow.ToUnixTimeSeconds()
            || subject.Length != 2
            || !IsSigned(body, claim))
        {
            return null;
        }

        // Read from the signature, because only the body of the data is signed.
        return new(
            Text(claim, "jti"), Text(claim, "type"), Uri.UnescapeDataString(subject[0]), Uri.UnescapeDataString(subject[1]), body);
    }

    /// <summary>Whether a signature is for this body, or says that there is none in the event.</summary>
    private static bool IsSigned(byte[]? body, JsonElement claim)
    {
        if (Find(claim, "bodyhash") is null || Find(claim, "bodyomitted") is { ValueKind: JsonValueKind.True })
            return body is null;
        return body is not null && Text(claim, "bodyhash") == Base64Url.Encode(SHA256.HashData(body));
    }

    private static byte[]? BodyOf(JsonElement data) => (Find(data, "body"), Find(data, "encoding")) switch
    {
        (null, null) => null,
        ({ } body, null) => Encoding.UTF8.GetBytes(body.GetString()!),
        ({ } body, { } encoding) when encoding.ValueEquals("base64") => body.GetBytesFromBase64(),
        _ => throw new FormatException("A body is text, or base64."),
    };

    private static string Text(JsonElement json, string name) =>
        Find(json, name)?.GetString() ?? throw new FormatException($"There is no text '{name}'.");

    /// <summary>The member of that name; null if there is none. Of two, some programs read the first and others the last.</summary>
    /// <exception cref="FormatException">There are two.</exception>
    private static JsonElement? Find(JsonElement json, string name)
    {
        JsonElement? found = null;
        foreach (var member in json.EnumerateObject().Where(member => member.NameEquals(name)))
            found = found is null ? member.Value : throw new FormatException($"There are two members '{name}'.");
        return found;
    }

    /// <summary>What a function reads from what a caller sent; null if that is damaged.</summary>
    private static T? Read<T>(Func<T?> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JoseException or JsonException or FormatException or ArgumentException
            or InvalidOperationException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// Finds a key by its id. An unknown id may be that of a new key, so the keys are read again. Any caller can send any id, so that
    /// happens at most once a minute.
    /// </summary>
    private async Task<Jwk?> FindAsync(string id)
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
            if (keys is null || keys.IsFaulted || keys.IsCanceled || (keys.IsCompleted && isOld(keysRead)))
                (keys, keysRead) = (ReadAsync(), DateTime.UtcNow);
            return keys;
        }

        async Task<JwkSet> ReadAsync() =>
            JwkSet.FromJson(await Http.GetStringAsync(new Uri(burrow, "/.well-known/jwks.json")), JWT.DefaultSettings.JsonMapper);
    }
}

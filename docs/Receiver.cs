// A webhook that takes Burrow's events, each after it checked that it came from there. For a program of its own: a project of
// Microsoft.NET.Sdk.Web with the package jose-jwt, and
//
//     var app = WebApplication.CreateBuilder(args).Build();
//     var receiver = new Receiver(new Uri("https://burrow.example/.well-known/jwks.json"), "https://burrow.example", Console.WriteLine);
//     app.MapMethods("/hook", ["OPTIONS"], receiver.ShakeHands);
//     app.MapPost("/hook", receiver.ReceiveAsync);
//     app.Run();

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Jose;
using Microsoft.AspNetCore.Http;

/// <summary>Receives events and verifies their signatures.</summary>
/// <param name="keys">Where Burrow shows its public keys.</param>
/// <param name="issuer">Whose events are taken.</param>
/// <param name="take">Gets each event's data; may get one twice, which has the same id then.</param>
public sealed class Receiver(Uri keys, string issuer, Action<JsonElement> take)
{
    private static readonly HttpClient Http = new();
    private static readonly string[] Claims = ["source", "type", "subject"];

    private JwkSet? known;

    /// <summary>Event Grid asks once whether it may send events (CloudEvents webhooks, section 4).</summary>
    public IResult ShakeHands(HttpRequest request)
    {
        request.HttpContext.Response.Headers["WebHook-Allowed-Origin"] = request.Headers["WebHook-Request-Origin"];
        return Results.Ok();
    }

    /// <summary>401 for what wasn't signed by Burrow: Event Grid doesn't try such again.</summary>
    public async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var received = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
        if (!await IsGenuineAsync(received.RootElement))
            return Results.Unauthorized();
        take(received.RootElement.GetProperty("data"));
        return Results.Ok();
    }

    /// <summary>Whether the signature is Burrow's, and says of the event what the event says.</summary>
    public async Task<bool> IsGenuineAsync(JsonElement received)
    {
        try
        {
            var signature = received.GetProperty("signature").GetString()!;
            if (await FindAsync((string)JWT.Headers(signature)["kid"]) is not { } key)
                return false;
            using var claims = JsonDocument.Parse(JWT.Decode(signature, key, JwsAlgorithm.ES256));
            var claim = claims.RootElement;
            return claim.GetProperty("iss").GetString() == issuer
                && claim.GetProperty("jti").GetString() == received.GetProperty("id").GetString()
                && Claims.All(name => claim.GetProperty(name).GetString() == received.GetProperty(name).GetString())
                && claim.GetProperty("bodyhash").GetString() == HashOfBody(received.GetProperty("data"));
        }
        catch (Exception e) when (e is JoseException or KeyNotFoundException or InvalidOperationException or JsonException or ArgumentException or FormatException)
        {
            return false;
        }
    }

    /// <summary>A body that is too large for its event is behind its url, and is to be hashed when it was fetched; here it isn't taken.</summary>
    private static string? HashOfBody(JsonElement data)
    {
        if (!data.TryGetProperty("body", out var body))
            return data.GetProperty("length").GetInt64() == 0 ? Base64Url.Encode(SHA256.HashData([])) : null;
        var bytes = data.TryGetProperty("encoding", out _) ? body.GetBytesFromBase64() : Encoding.UTF8.GetBytes(body.GetString()!);
        return Base64Url.Encode(SHA256.HashData(bytes));
    }

    /// <summary>The key of that id. One that isn't known yet may be new.</summary>
    private async Task<Jwk?> FindAsync(string id)
    {
        if (known?.FirstOrDefault(key => key.KeyId == id) is { } found)
            return found;
        known = JwkSet.FromJson(await Http.GetStringAsync(keys), JWT.DefaultSettings.JsonMapper);
        return known.FirstOrDefault(key => key.KeyId == id);
    }
}

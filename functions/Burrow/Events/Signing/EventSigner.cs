using System.Security.Cryptography;
using System.Text.Json;
using Burrow.Events.Model;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Burrow.Events.Signing;

/// <summary>
/// Signs events, as Event Grid doesn't: a compact JWS (RFC 7515, ES256) over what identifies an event and what its message's
/// body hashes to. Whoever has the public keys can tell that it came from here.
/// </summary>
internal sealed class EventSigner
{
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly IReadOnlyList<ECDsaSecurityKey> keys;
    private readonly SigningCredentials credentials;
    private readonly EventsOptions options;
    private readonly TimeProvider time;

    /// <param name="options">The keys; the first signs, all are published. And who is the issuer.</param>
    /// <param name="time">For <c>iat</c>.</param>
    public EventSigner(EventsOptions options, TimeProvider time)
    {
        keys = [.. SigningKeyPem.Read(options.SigningKeys ?? "").Select(ToKey)];
        credentials = new(keys[0], SecurityAlgorithms.EcdsaSha256);
        this.options = options;
        this.time = time;
    }

    /// <summary>The extension attribute <c>signature</c> of an event.</summary>
    /// <param name="id">The event's id: claim <c>jti</c>.</param>
    /// <param name="source">Claim of that name.</param>
    /// <param name="type">Claim of that name.</param>
    /// <param name="subject">Claim of that name.</param>
    /// <param name="bodyHash">Claim <c>bodyhash</c>: base64url of the SHA-256 of the message's body; null: the body is gone, and there is no such claim.</param>
    public string Sign(string id, string source, string type, string subject, string? bodyHash)
    {
        var claims = new Dictionary<string, object> { ["jti"] = id, ["source"] = source, ["type"] = type, ["subject"] = subject };
        if (bodyHash is not null)
            claims["bodyhash"] = bodyHash;
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = options.PublicUrl?.GetLeftPart(UriPartial.Authority) ?? "burrow",
            IssuedAt = time.GetUtcNow().UtcDateTime,
            SigningCredentials = credentials,
            Claims = claims,
        });
    }

    /// <summary>What a body hashes to.</summary>
    public static string Hash(ReadOnlySpan<byte> body) => Base64UrlEncoder.Encode(SHA256.HashData(body));

    /// <summary>The public keys, as a JSON Web Key Set (RFC 7517).</summary>
    public void WriteKeys(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("keys");
        foreach (var key in keys)
        {
            var jwk = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(key);
            json.WriteStartObject();
            foreach (var (name, value) in new[] { ("kty", jwk.Kty), ("crv", jwk.Crv), ("x", jwk.X), ("y", jwk.Y), ("kid", key.KeyId), ("use", "sig"), ("alg", "ES256") })
                json.WriteString(name, value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ECDsaSecurityKey ToKey(ECDsa ecdsa)
    {
        var key = new ECDsaSecurityKey(ecdsa);
        // RFC 7638: so a key has the same id wherever it is read.
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        return key;
    }
}

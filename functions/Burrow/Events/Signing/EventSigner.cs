using System.Security.Cryptography;
using System.Text.Json;
using Burrow.Events.Model;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Burrow.Events.Signing;

/// <summary>
/// Signs events, because Event Grid does not. A signature is a compact JWS (RFC 7515, ES256). It covers the claims that identify an
/// event, and the hash of its message's body. A receiver that has the public keys can verify that the event came from this service.
/// </summary>
internal sealed class EventSigner
{
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly IReadOnlyList<ECDsaSecurityKey> keys;
    private readonly SigningCredentials credentials;
    private readonly EventsOptions options;
    private readonly TimeProvider time;

    /// <param name="options">The keys and the issuer. The first key signs; all are published.</param>
    /// <param name="time">The clock, for the claim <c>iat</c>.</param>
    public EventSigner(EventsOptions options, TimeProvider time)
    {
        keys = [.. SigningKeyPem.Read(options.SigningKeys ?? "").Select(ToKey)];
        credentials = new(keys[0], SecurityAlgorithms.EcdsaSha256);
        this.options = options;
        this.time = time;
    }

    /// <summary>The extension attribute <c>signature</c> of an event.</summary>
    /// <param name="id">The event's id, for the claim <c>jti</c>.</param>
    /// <param name="source">For the claim <c>source</c>.</param>
    /// <param name="type">For the claim <c>type</c>.</param>
    /// <param name="subject">For the claim <c>subject</c>.</param>
    /// <param name="bodyHash">
    /// For the claim <c>bodyhash</c>: base64url of the SHA-256 of the message's body. Null if the body is gone; then the signature does
    /// not have this claim.
    /// </param>
    /// <param name="isBodyOmitted">
    /// For the claim <c>bodyomitted</c>: the event was made without the body that <paramref name="bodyHash"/> is of. A receiver refuses an
    /// event without a body if its signature does not say so: the body was cut out on the way.
    /// </param>
    public string Sign(string id, string source, string type, string subject, string? bodyHash, bool isBodyOmitted = false)
    {
        var claims = new Dictionary<string, object> { ["jti"] = id, ["source"] = source, ["type"] = type, ["subject"] = subject };
        if (bodyHash is not null)
            claims["bodyhash"] = bodyHash;
        if (isBodyOmitted)
            claims["bodyomitted"] = true;
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = options.PublicUrl?.GetLeftPart(UriPartial.Authority) ?? "burrow",
            IssuedAt = time.GetUtcNow().UtcDateTime,
            SigningCredentials = credentials,
            Claims = claims,
        });
    }

    /// <summary>The hash of a body: base64url of its SHA-256.</summary>
    public static string Hash(ReadOnlySpan<byte> body) => Base64UrlEncoder.Encode(SHA256.HashData(body));

    /// <summary>Writes the public keys, as a JSON Web Key Set (RFC 7517).</summary>
    public void WriteKeys(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("keys");
        foreach (var key in keys)
        {
            var jwk = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(key);
            json.WriteStartObject();
            json.WriteString("kty", jwk.Kty);
            json.WriteString("crv", jwk.Crv);
            json.WriteString("x", jwk.X);
            json.WriteString("y", jwk.Y);
            json.WriteString("kid", key.KeyId);
            json.WriteString("use", "sig");
            json.WriteString("alg", "ES256");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ECDsaSecurityKey ToKey(ECDsa ecdsa)
    {
        var key = new ECDsaSecurityKey(ecdsa);
        // The id is the key's thumbprint (RFC 7638), so a key has the same id in every process.
        key.KeyId = Base64UrlEncoder.Encode(key.ComputeJwkThumbprint());
        return key;
    }
}

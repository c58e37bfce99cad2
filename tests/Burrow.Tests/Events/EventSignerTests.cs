using System.Security.Cryptography;
using System.Text.Json;
using Burrow.Events.Signing;
using Jose;

namespace Burrow.Tests.Events;

/// <summary>Signatures, checked as a receiver checks them: with a standard library of another maker.</summary>
public sealed class EventSignerTests
{
    private static readonly string First = SigningKeyPem.New();
    private static readonly string Second = SigningKeyPem.New();

    [Fact]
    public void A_signature_says_what_the_event_is_and_verifies_with_the_published_key()
    {
        var signer = Of(First);
        var signature = signer.Sign("id-1", "a-topic", "Burrow.MessageCreated", "q/m", EventSigner.Hash("hello"u8));

        var claims = JsonDocument.Parse(JWT.Decode(signature, KeyOf(signer, signature), JwsAlgorithm.ES256)).RootElement;

        claims.GetProperty("jti").GetString().ShouldBe("id-1");
        claims.GetProperty("source").GetString().ShouldBe("a-topic");
        claims.GetProperty("type").GetString().ShouldBe("Burrow.MessageCreated");
        claims.GetProperty("subject").GetString().ShouldBe("q/m");
        claims.GetProperty("iss").GetString().ShouldBe("https://burrow.example");
        claims.GetProperty("iat").GetInt64().ShouldBe(new TestTime().GetUtcNow().ToUnixTimeSeconds());
        // echo -n hello | openssl dgst -sha256 -binary | basenc --base64url
        claims.GetProperty("bodyhash").GetString().ShouldBe("LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ");
        claims.EnumerateObject().Count().ShouldBe(7);
    }

    [Fact]
    public void What_was_altered_does_not_verify()
    {
        var signer = Of(First);
        var signature = signer.Sign("id-1", "a-topic", "t", "q/m", "h");
        var parts = signature.Split('.');
        var payload = Base64Url.Encode(
            System.Text.Encoding.UTF8.GetBytes(
                System.Text.Encoding.UTF8.GetString(Base64Url.Decode(parts[1])).Replace("id-1", "id-2", StringComparison.Ordinal)));

        Should.Throw<IntegrityException>(
            () => JWT.Decode($"{parts[0]}.{payload}.{parts[2]}", KeyOf(signer, signature), JwsAlgorithm.ES256));
    }

    [Fact]
    public void While_keys_rotate_both_are_published_and_the_first_signs()
    {
        var before = Of(First).Sign("1", "s", "t", "q/m", "h");
        var both = Of(Second + "\n" + First);
        var after = both.Sign("2", "s", "t", "q/m", "h");

        KeysOf(both).Count.ShouldBe(2);
        JWT.Headers(before)["kid"].ShouldNotBe(JWT.Headers(after)["kid"]);
        JWT.Decode(before, KeyOf(both, before), JwsAlgorithm.ES256).ShouldContain("\"1\"");
        JWT.Decode(after, KeyOf(both, after), JwsAlgorithm.ES256).ShouldContain("\"2\"");
    }

    [Fact]
    public void A_key_is_read_from_a_setting_of_one_line() =>
        KeysOf(Of(First.ReplaceLineEndings("\\n"))).Single().GetProperty("kid").GetString()
            .ShouldBe(KeysOf(Of(First)).Single().GetProperty("kid").GetString());

    [Fact]
    public void Published_keys_are_public()
    {
        var key = KeysOf(Of(First)).Single();
        key.EnumerateObject().Select(member => member.Name).Order().ShouldBe(["alg", "crv", "kid", "kty", "use", "x", "y"]);
        key.GetProperty("kty").GetString().ShouldBe("EC");
        key.GetProperty("crv").GetString().ShouldBe("P-256");
    }

    [Fact]
    public void A_key_on_another_curve_or_none_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Should.Throw<CryptographicException>(() => Of(other.ExportPkcs8PrivateKeyPem()));
        Should.Throw<CryptographicException>(() => Of(""));
    }

    internal static EventSigner Of(string keys) =>
        new(new() { SigningKeys = keys, PublicUrl = new Uri("https://burrow.example/") }, new TestTime());

    private static List<JsonElement> KeysOf(EventSigner signer)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            signer.WriteKeys(json);
        return [.. JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("keys").EnumerateArray()];
    }

    private static Jwk KeyOf(EventSigner signer, string signature) => Jwk.FromJson(
        KeysOf(signer).Single(key => key.GetProperty("kid").GetString() == (string)JWT.Headers(signature)["kid"]).GetRawText(),
        JWT.DefaultSettings.JsonMapper);
}

using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Burrow.Access;

/// <summary>A key as clients send it: <c>brw_{id}_{secret}</c>, where the secret is 256 random bits in hexadecimal.</summary>
/// <param name="Id">The id of the key.</param>
/// <param name="Hash">SHA-256 of the secret. Nothing else of the secret is stored.</param>
internal sealed partial record KeyToken(string Id, byte[] Hash)
{
    private const int SecretBytes = 32;

    /// <summary>A new secret for a key of that id.</summary>
    /// <returns>The key's text, which exists only here, and the hash to store.</returns>
    public static (string Text, byte[] Hash) New(KeyId id)
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
        return ($"brw_{id}_{secret}", HashOf(secret));
    }

    /// <summary>The key of that text; null if the text does not have the form of a key.</summary>
    public static KeyToken? TryParse(string text) =>
        Pattern().Match(text) is { Success: true } match ? new(match.Groups[1].Value, HashOf(match.Groups[2].Value)) : null;

    /// <summary>Whether the hash is that of this secret. The comparison takes the same time wherever the two differ.</summary>
    public bool Matches(byte[] hash) => CryptographicOperations.FixedTimeEquals(Hash, hash);

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.ASCII.GetBytes(secret));

    [GeneratedRegex(@"^brw_([a-z0-9-]{1,120})_([0-9a-f]{64})\z")]
    private static partial Regex Pattern();
}

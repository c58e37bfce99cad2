using System.Security.Cryptography;

namespace Burrow.Events.Signing;

/// <summary>Reads and creates private keys on the curve P-256, as PEM (PKCS#8). A text holds one key after another.</summary>
internal static class SigningKeyPem
{
    private const string End = "-----END PRIVATE KEY-----";

    /// <summary>Creates a key, as PEM.</summary>
    public static string New()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    /// <summary>Whether <see cref="Read"/> finds only valid keys in a text.</summary>
    public static bool IsValid(string text)
    {
        try
        {
            _ = Read(text);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>
    /// The keys in a text, in its order; at least one. A setting is a single line, where <c>\n</c> stands for a line break.
    /// </summary>
    /// <exception cref="CryptographicException">The text has no key, or a key on another curve.</exception>
    /// <exception cref="ArgumentException">The text is not PEM.</exception>
    public static IReadOnlyList<ECDsa> Read(string text)
    {
        text = text.Replace("\\n", "\n", StringComparison.Ordinal);
        var keys = new List<ECDsa>();
        for (int at; (at = text.IndexOf(End, StringComparison.Ordinal)) >= 0; text = text[(at + End.Length)..])
        {
            var key = ECDsa.Create();
            keys.Add(key);
            key.ImportFromPem(text.AsSpan(0, at + End.Length));
            if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
                throw new CryptographicException("A key that events are signed with is on the curve P-256.");
        }

        return keys.Count > 0 ? keys : throw new CryptographicException("There is no key.");
    }
}

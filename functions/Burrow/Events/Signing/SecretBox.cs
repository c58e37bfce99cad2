using System.Security.Cryptography;
using System.Text;
using Burrow.Access;

namespace Burrow.Events.Signing;

/// <summary>
/// Keeps small secrets encrypted at rest: AES-256-GCM under a key of its own, derived by HKDF (RFC 5869) from the deployment's
/// one secret. Sealed twice, the same text is two; what was altered, or sealed under another secret, doesn't open.
/// </summary>
internal sealed class SecretBox
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] key;
    private readonly byte[] macKey;

    /// <param name="secret">The deployment's secret; null: there is none, and nothing can be sealed.</param>
    public SecretBox(string? secret)
    {
        key = secret is null ? [] : DeploymentSecret.Derive(secret, "burrow subscription headers");
        macKey = DeploymentSecret.Derive(secret ?? "", "burrow subscription labels");
    }

    /// <summary>A text's mark: the same for the same, and nothing to guess its secrets by.</summary>
    public byte[] Mark(string text) => HMACSHA256.HashData(macKey, Encoding.UTF8.GetBytes(text));

    /// <summary>Nonce, tag and ciphertext.</summary>
    /// <exception cref="UnavailableException">There is no secret.</exception>
    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        if (key.Length == 0)
            throw new UnavailableException("Secrets can't be kept here: the setting Burrow:Access:Secret is missing.");
        var box = new byte[NonceLength + TagLength + plain.Length];
        var nonce = box.AsSpan(0, NonceLength);
        var tag = box.AsSpan(NonceLength, TagLength);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagLength);
        cipher.Encrypt(nonce, plain, box.AsSpan(NonceLength + TagLength), tag);
        return box;
    }

    /// <summary>What was sealed.</summary>
    /// <exception cref="CryptographicException">It was sealed under another secret, or altered.</exception>
    public byte[] Open(ReadOnlySpan<byte> box)
    {
        var plain = new byte[box.Length - NonceLength - TagLength];
        using var cipher = new AesGcm(key, TagLength);
        cipher.Decrypt(box[..NonceLength], box[(NonceLength + TagLength)..], box.Slice(NonceLength, TagLength), plain);
        return plain;
    }
}

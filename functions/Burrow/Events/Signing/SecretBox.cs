using System.Security.Cryptography;
using System.Text;
using Burrow.Access;

namespace Burrow.Events.Signing;

/// <summary>
/// Encrypts small secrets for storage, with AES-256-GCM. It has its own key, derived by HKDF (RFC 5869) from the deployment's one
/// secret. The same text sealed twice gives two different results. A box that was altered, or sealed under another secret, does not open.
/// </summary>
internal sealed class SecretBox
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private readonly byte[] key;
    private readonly byte[] macKey;

    /// <param name="secret">The deployment's secret. Null if there is none; then nothing can be sealed.</param>
    public SecretBox(string? secret)
    {
        key = secret is null ? [] : DeploymentSecret.Derive(secret, "burrow subscription headers");
        macKey = DeploymentSecret.Derive(secret ?? "", "burrow subscription labels");
    }

    /// <summary>
    /// A text's mark (HMAC-SHA-256). The same text has the same mark. A mark does not help to guess the secrets in its text.
    /// </summary>
    public byte[] Mark(string text) => HMACSHA256.HashData(macKey, Encoding.UTF8.GetBytes(text));

    /// <summary>Encrypts a text.</summary>
    /// <returns>Nonce (12 bytes), tag (16 bytes) and ciphertext, in this order.</returns>
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

    /// <summary>Decrypts what <see cref="Seal"/> returned.</summary>
    /// <exception cref="CryptographicException">The box was sealed under another secret, or altered.</exception>
    public byte[] Open(ReadOnlySpan<byte> box)
    {
        var plain = new byte[box.Length - NonceLength - TagLength];
        using var cipher = new AesGcm(key, TagLength);
        cipher.Decrypt(box[..NonceLength], box[(NonceLength + TagLength)..], box.Slice(NonceLength, TagLength), plain);
        return plain;
    }
}

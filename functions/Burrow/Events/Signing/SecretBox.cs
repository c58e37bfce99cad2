using System.Security.Cryptography;
using System.Text;
using Burrow.Access;

namespace Burrow.Events.Signing;

/// <summary>
/// Encrypts small secrets for storage, with AES-256-GCM. Each use has its own key, derived by HKDF (RFC 5869) from the deployment's one
/// secret. The same text sealed twice gives two different results. A box that was altered, or sealed under another secret, does not open.
/// </summary>
internal sealed class SecretBox
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>The key that seals, and others that open. Empty if there is no secret.</summary>
    private readonly IReadOnlyList<byte[]> keys;
    private readonly byte[] macKey;

    /// <param name="secret">The deployment's secret. If there is none, nothing can be sealed.</param>
    /// <param name="use">What is kept in it. What one use has sealed does not open for another.</param>
    public SecretBox(DeploymentSecret secret, string use = "burrow subscription headers")
    {
        keys = secret.Present is null ? [] : secret.KeysFor(use);
        macKey = secret.KeysFor("burrow subscription labels")[0];
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
        if (keys.Count == 0)
            throw new UnavailableException("Secrets can't be kept here: the setting Burrow:Access:Secret is missing.");
        var box = new byte[NonceLength + TagLength + plain.Length];
        var nonce = box.AsSpan(0, NonceLength);
        var tag = box.AsSpan(NonceLength, TagLength);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(keys[0], TagLength);
        cipher.Encrypt(nonce, plain, box.AsSpan(NonceLength + TagLength), tag);
        return box;
    }

    /// <summary>Decrypts what <see cref="Seal"/> returned.</summary>
    /// <exception cref="CryptographicException">The box was sealed under another secret, or altered.</exception>
    public byte[] Open(ReadOnlySpan<byte> box)
    {
        var plain = new byte[box.Length - NonceLength - TagLength];
        for (var i = 0; ; i++)
        {
            try
            {
                using var cipher = new AesGcm(keys[i], TagLength);
                cipher.Decrypt(box[..NonceLength], box[(NonceLength + TagLength)..], box.Slice(NonceLength, TagLength), plain);
                return plain;
            }
            catch (AuthenticationTagMismatchException) when (i + 1 < keys.Count)
            {
                // It may have been sealed under the former secret.
            }
        }
    }
}

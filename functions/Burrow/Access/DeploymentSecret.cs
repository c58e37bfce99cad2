using System.Security.Cryptography;
using System.Text;

namespace Burrow.Access;

/// <summary>
/// The deployment's one secret, and the one before it while the operator replaces it. Each use derives a key of its own from a secret, by
/// HKDF (RFC 5869), so no derived key reveals anything about another. New things are made with the present secret. What was made with the
/// former one stays valid.
/// </summary>
/// <param name="Present">The secret; null only where no key is needed.</param>
/// <param name="Former">The secret before it; null: there was none, or it is no longer accepted.</param>
internal sealed record DeploymentSecret(string? Present, string? Former = null)
{
    private const int KeyBytes = 32;

    /// <summary>The keys for one use, 32 bytes each: that of the present secret, then that of the former one.</summary>
    public IReadOnlyList<byte[]> KeysFor(string use) =>
        Former is null ? [Derive(Present ?? "", use)] : [Derive(Present ?? "", use), Derive(Former, use)];

    private static byte[] Derive(string secret, string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyBytes, info: Encoding.UTF8.GetBytes(use));
}

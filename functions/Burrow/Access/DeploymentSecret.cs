using System.Security.Cryptography;
using System.Text;

namespace Burrow.Access;

/// <summary>
/// The deployment's one secret. Each use derives a key of its own from it, by HKDF (RFC 5869), so no derived key reveals anything about
/// another.
/// </summary>
internal static class DeploymentSecret
{
    private const int KeyBytes = 32;

    /// <summary>The key for one use: 32 bytes.</summary>
    public static byte[] Derive(string secret, string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyBytes, info: Encoding.UTF8.GetBytes(use));
}

using System.Security.Cryptography;
using System.Text;

namespace Burrow.Access;

/// <summary>The deployment's one secret: what needs a key derives its own from it, by HKDF (RFC 5869), so none says anything of another.</summary>
internal static class DeploymentSecret
{
    private const int KeyBytes = 32;

    /// <summary>The 32 bytes for one use.</summary>
    public static byte[] Derive(string secret, string use) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyBytes, info: Encoding.UTF8.GetBytes(use));
}

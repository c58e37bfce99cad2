using System.Security.Cryptography;
using System.Text;

namespace Burrow.Queues;

/// <summary>
/// Stands for a name where the name's own characters do not fit, as in keys of storage. It is base32 (RFC 4648, lower case, no
/// padding) of the name's SHA-256: 52 characters of <c>a-z2-7</c>. Two names never have the same hash in practice.
/// </summary>
internal static class NameHash
{
    /// <summary>The hash of the UTF-8 of a text.</summary>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="Of(string)"/>
    public static string Of(ReadOnlySpan<byte> utf8) => Base32.Encode(SHA256.HashData(utf8));
}

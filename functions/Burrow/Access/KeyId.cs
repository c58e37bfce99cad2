using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// The id that finds a key: its account's partition, its name, and a mark that no other key of that name ever had. Not a secret.
/// </summary>
/// <param name="Value"><c>{26 of a-z2-7}-{name}-{16 of a-z2-7}</c>; for the operator's keys, <c>admin-{name}</c>.</param>
internal readonly partial record struct KeyId(string Value)
{
    private const int PartitionLength = 26;
    private const int MarkLength = 16;
    private const int NonceLength = 8;

    /// <summary>The id of every caller where no key is needed.</summary>
    public static readonly KeyId Anonymous = new("nobody");

    public string Partition => Value[..PartitionLength];

    public KeyName Name => new(Value[(PartitionLength + 1)..^(MarkLength + 1)]);

    /// <summary>The partition of an account's keys and limits: 130 bits of SHA-256.</summary>
    public static string PartitionOf(AccountName account) =>
        NameHash.Of(account.Value)[..PartitionLength];

    /// <param name="account">The account of the key.</param>
    /// <param name="name">The name of the key.</param>
    /// <param name="mac">The HMAC key, the same as for <see cref="HasValidCheck"/>.</param>
    public static KeyId New(AccountName account, KeyName name, byte[] mac)
    {
        var start = $"{PartitionOf(account)}-{name}-{Base32.Encode(RandomNumberGenerator.GetBytes(5))}";
        return new(start + Check(start, mac));
    }

    /// <summary>
    /// Whether the id was made with this HMAC key. Half of the mark is random, the other half is its check. The check proves nothing,
    /// but a made-up id fails it and is not worth a lookup.
    /// </summary>
    public bool HasValidCheck(byte[] mac)
    {
        var split = Value.Length - (MarkLength - NonceLength);
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Check(Value[..split], mac)), Encoding.ASCII.GetBytes(Value[split..]));
    }

    /// <summary>Whether the value has the form of an account's key id, and so may be looked up.</summary>
    public static bool IsMatch(string value) => Pattern().IsMatch(value);

    /// <inheritdoc/>
    public override string ToString() => Value;

    private static string Check(string start, byte[] mac) =>
        Base32.Encode(HMACSHA256.HashData(mac, Encoding.ASCII.GetBytes(start)))[..(MarkLength - NonceLength)];

    [GeneratedRegex(@"^[a-z2-7]{26}-[a-z0-9-]{1,64}-[a-z2-7]{16}\z")]
    private static partial Regex Pattern();
}

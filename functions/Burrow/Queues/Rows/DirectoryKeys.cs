using System.Text;

namespace Burrow.Queues.Rows;

/// <summary>
/// The keys of the directory: one partition with all accounts, and one per account with its queues. A row's key is the hexadecimal
/// UTF-8 of the name, so rows sort by code point. The key of a longer name has its first 200 bytes and a hash.
/// </summary>
internal static class DirectoryKeys
{
    /// <summary>The partition of all accounts.</summary>
    public const string Accounts = "accounts";

    /// <summary>The column that holds the name itself.</summary>
    public const string NameColumn = "name";

    private const int Spelled = 200;

    public static string Queues(AccountName account) => "queues-" + NameHash.Of(account.Value);

    public static string Row(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length <= Spelled
            ? Convert.ToHexStringLower(bytes)
            : Prefix(bytes) + "!" + NameHash.Of(bytes);
    }

    /// <summary>
    /// The key from which a read finds all names after that one. Names of more than 200 bytes may share the beginning of a key,
    /// and have no order there.
    /// </summary>
    public static string From(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length <= Spelled ? Convert.ToHexStringLower(bytes) : Prefix(bytes);
    }

    private static string Prefix(byte[] bytes) => Convert.ToHexStringLower(bytes.AsSpan(0, Spelled));
}

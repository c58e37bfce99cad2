using Burrow.Queues;

namespace Burrow.Access;

/// <summary>Whose limits a request uses: those of an account, and in it the share of a key or of the links of a key.</summary>
/// <param name="Account">The account that pays.</param>
/// <param name="Key">The key, or the links of a key.</param>
/// <param name="IsNarrow">
/// Whether the key does not manage the whole account. Such a key uses at most half of a limit, so that others of the account go on.
/// </param>
internal readonly record struct Payer(AccountName Account, string Key, bool IsNarrow)
{
    /// <summary>How much of an account's limit the key may use.</summary>
    public long ShareOf(long limit) => IsNarrow ? Math.Max(1, limit / 2) : limit;
}

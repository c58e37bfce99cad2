using Burrow.Queues;
using Reservation = Burrow.Access.RequestMemory.Reservation;

namespace Burrow.Access;

/// <summary>
/// The memory that all requests of this process may use together, for bodies, answers and what is made of them. Without it, a few large
/// requests of one account would end the process for all. Requests beyond it wait for a moment, and then get 503.
/// </summary>
/// <remarks>
/// Small requests have a part of their own, so that large ones never delay them. An account has at most a quarter of either part, and
/// in it a key its share.
/// </remarks>
/// <param name="bytes">The bytes in all.</param>
/// <param name="time">The clock.</param>
internal sealed class MemoryBudget(long bytes, TimeProvider time)
{
    /// <summary>A request that uses no more bytes than this is small.</summary>
    public const long SmallBytes = 1024 * 1024;

    /// <summary>An account's part of the memory for small or for large requests: one divided by this.</summary>
    private const int AccountPart = 4;

    /// <summary>The part of the memory that only small requests use: one divided by this.</summary>
    private const int SmallPart = 8;

    private readonly FairLimiter<AccountName> small = new(Math.Max(AccountPart * SmallBytes, bytes / SmallPart));
    private readonly FairLimiter<AccountName> large = new(Math.Max(AccountPart * SmallBytes, bytes - (bytes / SmallPart)));
    private readonly AccountLimiters accounts = new();

    /// <summary>The memory that a process may use for requests: a third of what it may use at all, within its container's limit.</summary>
    public static long OfProcess => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 3;

    public TimeProvider Time => time;

    /// <summary>Whether large requests wait for memory.</summary>
    public bool IsShort => large.Waiting > 0;

    /// <summary>The memory of one request, none at first.</summary>
    /// <param name="account">The account that the request counts for.</param>
    /// <param name="payer">The share that it uses; null for the operator.</param>
    public RequestMemory Begin(AccountName account, Payer? payer) => new(this, account, payer);

    /// <summary>A reservation of no bytes, in the memory for requests that use so many bytes in all.</summary>
    public Reservation Open(AccountName account, Payer? payer, long total)
    {
        var isLarge = total > SmallBytes;
        var memory = isLarge ? large : small;
        var max = memory.Capacity / AccountPart;
        return new(
            memory.Open(account, max),
            isLarge && payer is { } one ? accounts.Of(account, max).Open(one.Key, one.ShareOf(max)) : null,
            isLarge);
    }

    /// <summary>Waits for so many bytes: first for those of the account's part, then for those of the process.</summary>
    public async ValueTask<Reservation> AcquireAsync(
        AccountName account, Payer? payer, long total, CancellationToken cancellationToken)
    {
        var isLarge = total > SmallBytes;
        var memory = isLarge ? large : small;
        var max = memory.Capacity / AccountPart;
        var part = isLarge && payer is { } one
            ? await accounts.Of(account, max).AcquireAsync(one.Key, one.ShareOf(max), total, cancellationToken)
            : null;
        try
        {
            return new(await memory.AcquireAsync(account, max, total, cancellationToken), part, isLarge);
        }
        catch
        {
            part?.Dispose();
            throw;
        }
    }
}

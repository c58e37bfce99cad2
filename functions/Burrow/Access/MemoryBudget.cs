using Reservation = Burrow.Access.RequestMemory.Reservation;

namespace Burrow.Access;

/// <summary>
/// The memory that all requests of this process may use together, for bodies, answers and what is made of them. Without it, a few large
/// requests of one account would end the process for all. Requests beyond it wait for a moment, and then get 503.
/// </summary>
/// <remarks>
/// Small requests have a part of their own, so that large ones never delay them. An account has at most a quarter of either part, and
/// in it a key its share. The operator, and the requests that manage an account, have a share beside it.
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

    private readonly FairLimiter small = new(Math.Max(AccountPart * SmallBytes, bytes / SmallPart));
    private readonly FairLimiter large = new(Math.Max(AccountPart * SmallBytes, bytes - (bytes / SmallPart)));
    private readonly AccountLimiters smallParts = new();
    private readonly AccountLimiters largeParts = new();

    /// <summary>The memory that a process may use for requests: a third of what it may use at all, within its container's limit.</summary>
    public static long OfProcess => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 3;

    public TimeProvider Time => time;

    /// <summary>The bytes in use.</summary>
    public long Used => small.Used + large.Used;

    /// <summary>The memory of one request, none at first.</summary>
    /// <param name="payer">The share that it uses; null for the operator.</param>
    /// <param name="manages">Whether the request manages the account.</param>
    public RequestMemory Begin(Payer? payer, bool manages) => new(this, payer, manages);

    /// <summary>A reservation of no bytes, in the memory for requests that use so many bytes in all.</summary>
    public Reservation Open(Payer? payer, bool manages, long total)
    {
        var (memory, part, max, isLarge) = PartsFor(payer, manages, total);
        return new(memory.Open(OwnerOf(payer, manages), max), part?.Open(payer!.Value.Key, payer.Value.ShareOf(max)), isLarge);
    }

    /// <summary>Waits for so many bytes: first for those of the account's part, then for those of the process.</summary>
    public async ValueTask<Reservation> AcquireAsync(Payer? payer, bool manages, long total, CancellationToken cancellationToken)
    {
        var (memory, part, max, isLarge) = PartsFor(payer, manages, total);
        var share = part is null
            ? null
            : await part.AcquireAsync(payer!.Value.Key, payer.Value.ShareOf(max), total, isResumed: false, cancellationToken);
        try
        {
            return new(
                await memory.AcquireAsync(OwnerOf(payer, manages), max, total, isResumed: false, cancellationToken), share, isLarge);
        }
        catch
        {
            share?.Dispose();
            throw;
        }
    }

    /// <summary>Whether a key or its account, by answers that could not wait, uses more memory for large requests than its share.</summary>
    public bool IsOver(Payer payer)
    {
        var (part, max) = LargePartOf(payer);
        return part.Used > max || part.Of(payer.Key).Used > payer.ShareOf(max);
    }

    /// <summary>Waits until it does not.</summary>
    /// <returns>A lease of one byte, to be disposed at once.</returns>
    public ValueTask<FairLimiter.Lease> PassAsync(Payer payer, CancellationToken cancellationToken)
    {
        var (part, max) = LargePartOf(payer);
        return part.AcquireAsync(payer.Key, payer.ShareOf(max), 1, isResumed: false, cancellationToken);
    }

    private (FairLimiter Part, long Max) LargePartOf(Payer payer) =>
        (largeParts.Of(payer.Account, large.Capacity / AccountPart), large.Capacity / AccountPart);

    private (FairLimiter Memory, FairLimiter? Part, long Max, bool IsLarge) PartsFor(Payer? payer, bool manages, long total)
    {
        var isLarge = total > SmallBytes;
        var memory = isLarge ? large : small;
        var max = memory.Capacity / AccountPart;
        var part = payer is { } one && !manages ? (isLarge ? largeParts : smallParts).Of(one.Account, max) : null;
        return (memory, part, max, isLarge);
    }

    /// <summary>The owner in the process's memory. No account's name is empty or holds a NUL.</summary>
    private static string OwnerOf(Payer? payer, bool manages) =>
        payer is { } one ? manages ? one.Account.Value + '\0' : one.Account.Value : "";
}

using Burrow.Caching;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>A <see cref="FairLimiter"/> for each account, in which its keys take turns.</summary>
internal sealed class AccountLimiters
{
    private const int MaxLimiters = 50_000;

    /// <summary>
    /// After its eviction, a limiter still serves the requests that use it. The account's next request creates another one.
    /// </summary>
    private readonly BoundedCache<(AccountName Account, long Capacity), FairLimiter> limiters = new(
        MaxLimiters, limiter => limiter.IsIdle, isStrict: false);

    /// <summary>The limiter of an account. With another capacity, it is another one.</summary>
    public FairLimiter Of(AccountName account, long capacity) =>
        limiters.GetOrAdd((account, capacity), key => new FairLimiter(key.Capacity));
}

using System.Threading.RateLimiting;
using Burrow.Caching;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// Limits how many requests of an account this process serves at a time, by weight. Excess requests wait in a queue, in their order.
/// </summary>
internal sealed class Concurrency
{
    private const int MaxLimiters = 50_000;

    /// <summary>The weight that may queue, as a multiple of the permitted weight.</summary>
    private const int QueueFactor = 100;

    /// <summary>
    /// After its eviction, a limiter still serves the requests that use it. The account's next request creates another one.
    /// </summary>
    private readonly BoundedCache<(AccountName Account, long Max), Limiter> limiters = new(
        MaxLimiters, limiter => limiter.IsIdle, isStrict: false);

    /// <summary>Waits until a request may be served.</summary>
    /// <param name="account">The account that the request counts for.</param>
    /// <param name="limits">The account's limits.</param>
    /// <param name="weight">How much the request counts.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The lease, to be disposed after the response is sent; null where the account has no limit.</returns>
    /// <exception cref="TooManyRequestsException">Too many requests wait already.</exception>
    public async ValueTask<RateLimitLease?> EnterAsync(
        AccountName account, AccountLimits limits, int weight, CancellationToken cancellationToken)
    {
        if (limits.Concurrent >= QuotasOptions.UnlimitedConcurrent)
            return null;
        var limiter = limiters.GetOrAdd((account, limits.Concurrent), key => new Limiter(key.Max));
        var lease = await limiter.AcquireAsync((int)Math.Min(weight, limits.Concurrent), cancellationToken);
        return lease.IsAcquired ? lease : throw new TooManyRequestsException(
            "concurrent",
            $"q={limits.Concurrent};qu=\"concurrent-requests\"",
            null,
            "Too many requests of this account wait to be served.");
    }

    private sealed class Limiter(long max)
    {
        private readonly ConcurrencyLimiter limiter = new(new()
        {
            PermitLimit = (int)max,
            QueueLimit = (int)Math.Min(max * QueueFactor, int.MaxValue),
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });

        public bool IsIdle => limiter.GetStatistics() is { } statistics && statistics.CurrentAvailablePermits == max;

        public ValueTask<RateLimitLease> AcquireAsync(int permits, CancellationToken cancellationToken) =>
            limiter.AcquireAsync(permits, cancellationToken);
    }
}

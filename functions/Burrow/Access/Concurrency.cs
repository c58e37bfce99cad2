using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// Limits how many requests of an account this process serves at a time, by weight, or how many bodies it receives at a time. Excess
/// requests wait. The keys of the account are served in turn.
/// </summary>
/// <param name="factor">The limit, as a multiple of <see cref="AccountLimits.Concurrent"/>.</param>
/// <param name="what">What waits, for the client.</param>
/// <param name="maxWait">The longest wait; null: it ends only when its turn comes.</param>
/// <param name="time">The clock.</param>
internal sealed class Concurrency(int factor, string what, TimeSpan? maxWait, TimeProvider time)
{
    /// <summary>How many requests of a key may wait, as a multiple of its share.</summary>
    private const int QueueFactor = 100;

    private readonly AccountLimiters limiters = new();

    /// <summary>Waits until a request may be served.</summary>
    /// <param name="payer">Whose limit the request uses.</param>
    /// <param name="limits">The account's limits.</param>
    /// <param name="weight">How much the request counts.</param>
    /// <param name="isResumed">
    /// Whether the request has waited for a message. Such a request is not refused: <see cref="AccountLimits.Waiting"/> limits them.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The lease, to be disposed when the request is served; null where the account has no limit.</returns>
    /// <exception cref="TooManyRequestsException">Too many requests wait already, or this one has waited for too long.</exception>
    public async ValueTask<FairLimiter.Lease?> EnterAsync(
        Payer payer, AccountLimits limits, long weight, bool isResumed, CancellationToken cancellationToken)
    {
        if (limits.Concurrent >= QuotasOptions.UnlimitedConcurrent)
            return null;
        var capacity = limits.Concurrent * factor;
        var limiter = limiters.Of(payer.Account, capacity);
        var share = payer.ShareOf(capacity);
        if (limiter.TryAcquire(payer.Key, share, weight) is { } lease)
            return lease;
        // Each key has its own queue. So none fills that of the others.
        if (!isResumed && limiter.Of(payer.Key).Waiting >= share * QueueFactor)
            throw Refusal(capacity);
        return await WaitAsync(limiter, payer.Key, share, weight, isResumed, capacity, cancellationToken);
    }

    /// <summary>The weight that an account uses now.</summary>
    public long UsedBy(AccountName account, AccountLimits limits) => limiters.Of(account, limits.Concurrent * factor).Used;

    // A method of its own: what its functions capture is allocated only for a request that waits.
    private ValueTask<FairLimiter.Lease> WaitAsync(
        FairLimiter limiter, string key, long share, long weight, bool isResumed, long capacity, CancellationToken cancellationToken) =>
        Patience.WithinAsync(
            ended => limiter.AcquireAsync(key, share, weight, isResumed, ended),
            maxWait,
            time,
            () => Refusal(capacity),
            cancellationToken);

    private TooManyRequestsException Refusal(long capacity) => new(
        "concurrent", $"q={capacity};qu=\"concurrent-requests\"", null, $"Too many {what} of this account wait already.");
}

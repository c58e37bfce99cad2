using Burrow.Caching;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// Limits the requests per second of each account. Each process counts for itself. Requests that manage an account count apart, so that
/// a key can be revoked while its requests use up the rate.
/// </summary>
internal sealed class RequestRate(TimeProvider time, Random random)
{
    private const int MaxBuckets = 50_000;

    /// <summary>A full bucket may be evicted: a new one is full as well.</summary>
    private readonly BoundedCache<(AccountName Account, bool Manages), TokenBucket> buckets = new(
        MaxBuckets, bucket => bucket.IsFull, isStrict: false);

    private readonly Func<(AccountName, bool), TokenBucket> create = _ => new TokenBucket(time);

    private int delayed;

    /// <summary>
    /// Counts a request. An account that sends more requests after many refusals gets its next refusals about a second later, because
    /// refusals cost other accounts as well.
    /// </summary>
    /// <param name="account">The account that pays.</param>
    /// <param name="manages">Whether the request manages the account.</param>
    /// <param name="limits">The account's limits.</param>
    /// <param name="bodyBytes">Bytes of the request's body. The server receives them even if the request is refused.</param>
    /// <param name="cancellationToken">Ends the delay of a refusal.</param>
    /// <exception cref="TooManyRequestsException">The account is over its rate.</exception>
    public async ValueTask CountAsync(
        AccountName account, bool manages, AccountLimits limits, long bodyBytes, CancellationToken cancellationToken)
    {
        if (limits.RequestsPerSecond == QuotasOptions.Unlimited)
            return;
        var bucket = buckets.GetOrAdd((account, manages), create);
        var wait = bucket.Take(limits.RequestsPerSecond, 1 + (bodyBytes / AccessLimits.BytesPerRequest));
        if (wait == TimeSpan.Zero)
            return;
        await DelayRefusalAsync(bucket, cancellationToken);
        throw Refusal(limits, wait);
    }

    /// <summary>Requires that the account is still within its rate, after a request that was counted has waited.</summary>
    /// <exception cref="TooManyRequestsException">Other requests have used up the rate meanwhile.</exception>
    public void Require(AccountName account, bool manages, AccountLimits limits)
    {
        if (DebtOf(account, manages) is > 0 and var wait)
            throw Refusal(limits, TimeSpan.FromSeconds(wait));
    }

    /// <summary>The seconds until the account has paid off what it was charged beyond its rate; 0 or less: it is not in debt.</summary>
    public double DebtOf(AccountName account, bool manages) => buckets.TryGet((account, manages), out var bucket) ? bucket.Debt : 0;

    /// <summary>Charges the further cost of a request, which is known only now. The account may get into debt.</summary>
    public void Charge(AccountName account, bool manages, long requests)
    {
        if (requests > 0 && buckets.TryGet((account, manages), out var bucket))
            bucket.Charge(requests);
    }

    private static TooManyRequestsException Refusal(AccountLimits limits, TimeSpan wait) => new(
        "requests",
        $"q={limits.RequestsPerSecond};w=1",
        wait,
        $"This account may ask {limits.RequestsPerSecond} times a second, and asked for more.");

    /// <summary>
    /// Delays a refusal after many others. Each delay differs, so that clients do not retry in step. The number of delayed refusals is
    /// limited, because they must not fill the process; any more are sent at once.
    /// </summary>
    private async Task DelayRefusalAsync(TokenBucket bucket, CancellationToken cancellationToken)
    {
        if (!bucket.ExceedsUndelayedRefusals)
            return;
        try
        {
            if (Interlocked.Increment(ref delayed) <= AccessLimits.MaxDelayedRefusals)
                await Task.Delay(AccessLimits.RefusalDelay * (0.5 + random.NextDouble()), time, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref delayed);
        }
    }
}

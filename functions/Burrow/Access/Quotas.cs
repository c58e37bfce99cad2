using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Burrow.Queues;
using Burrow.Queues.Counting;

namespace Burrow.Access;

/// <summary>
/// What accounts may: keeps each to its own, so that nobody else feels it. Requests are counted by each process for itself; what is
/// stored is known as well as <see cref="Counts"/> knows it.
/// </summary>
internal sealed class Quotas
{
    private const int MaxBuckets = 50_000;

    /// <summary>How many times what is served may queue.</summary>
    private const int QueueLength = 100;

    private readonly AccessTable table;
    private readonly QuotasOptions defaults;
    private readonly QueueEngine queues;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly AccountLimits usual;
    private int held;
    private readonly ReadCache<AccountName, AccountLimits> limits;
    private readonly ConcurrentDictionary<AccountName, TokenBucket> buckets = new();
    private readonly ConcurrentDictionary<(AccountName Account, long Most), ConcurrencyLimiter> limiters = new();

    public Quotas(AccessTable table, QuotasOptions defaults, QueueEngine queues, TimeProvider time, Random random)
    {
        (this.table, this.defaults, this.queues, this.time, this.random) = (table, defaults, queues, time, random);
        usual = AccountLimits.Of(defaults, null);
        limits = new(time, async account =>
            await table.LimitsAsync(account, CancellationToken.None) is { } overrides ? AccountLimits.Of(defaults, overrides) : null);
    }

    /// <summary>What an account may, as it was <see cref="Limits.AccessFreshness"/> ago at the latest.</summary>
    public async ValueTask<AccountLimits> OfAsync(AccountName account) => await limits.GetAsync(account) ?? usual;

    /// <summary>What an account may now.</summary>
    public async Task<AccountLimits> ReadAsync(AccountName account, CancellationToken cancellationToken) =>
        AccountLimits.Of(defaults, await table.LimitsAsync(account, cancellationToken));

    /// <summary>Sets what an account may; nothing, and the settings hold again.</summary>
    public async Task SetAsync(AccountName account, LimitOverrides? overrides, CancellationToken cancellationToken)
    {
        await (overrides is null ? table.ResetLimitsAsync(account, cancellationToken) : table.SetLimitsAsync(account, overrides, cancellationToken));
        limits.Forget(account);
    }

    /// <summary>
    /// Counts a request. Who goes on asking though he is refused is told so a second later: to refuse costs as well, and
    /// others would pay for it.
    /// </summary>
    /// <exception cref="TooManyRequestsException">It is one too many.</exception>
    public async ValueTask AdmitAsync(AccountName account, AccountLimits may, CancellationToken cancellationToken)
    {
        if (may.RequestsPerSecond == QuotasOptions.Unlimited)
            return;
        if (!buckets.TryGetValue(account, out var bucket))
        {
            // Only where there is a new one: to count them locks them all.
            if (buckets.Count >= MaxBuckets)
                Forget();
            bucket = buckets.GetOrAdd(account, _ => new TokenBucket(time));
        }

        var wait = bucket.Take(may.RequestsPerSecond);
        if (wait > TimeSpan.Zero)
        {
            await HoldAsync(bucket, cancellationToken);
            throw new TooManyRequestsException(
                "requests", $"q={may.RequestsPerSecond};w=1", wait, $"This account may ask {may.RequestsPerSecond} times a second, and asked for more.");
        }
    }

    /// <summary>Waits until there is room for a request among those of its account that are served, in their order.</summary>
    /// <param name="account">Whose.</param>
    /// <param name="may">What it may.</param>
    /// <param name="weight">What it counts for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>To be disposed when it was answered; null where there is room for all.</returns>
    /// <exception cref="TooManyRequestsException">Too many queue already.</exception>
    public async ValueTask<RateLimitLease?> EnterAsync(AccountName account, AccountLimits may, int weight, CancellationToken cancellationToken)
    {
        if (LimiterOf(account, may) is not { } limiter)
            return null;
        var lease = await limiter.AcquireAsync((int)Math.Min(weight, may.Concurrent), cancellationToken);
        return lease.IsAcquired ? lease : throw new TooManyRequestsException(
            "concurrent", $"q={may.Concurrent};qu=\"concurrent-requests\"", null, "Too many requests of this account wait to be served.");
    }

    /// <summary>Counts what a request turned out to be worth besides.</summary>
    public void Charge(AccountName account, long requests)
    {
        if (requests > 0 && buckets.TryGetValue(account, out var bucket))
            bucket.Charge(requests);
    }

    /// <summary>Demands room for messages. What is being put meanwhile isn't counted yet.</summary>
    /// <exception cref="QuotaExceededException">There is none.</exception>
    public async ValueTask RequireStorageAsync(QueueAddress queue, int messages, long bytes, AccountLimits may)
    {
        if (may.HasUnlimitedStorage)
            return;
        var (stored, holds) = await queues.UsageAsync(queue);
        if (stored.Messages + messages > may.Messages)
            throw new QuotaExceededException($"This account may store {may.Messages} messages, and has {stored.Messages}. Nothing was stored.");
        if (stored.Bytes + bytes > may.Bytes)
            throw new QuotaExceededException($"This account may store {may.Bytes} bytes, and has {stored.Bytes}. Nothing was stored.");
        if (stored.Queues >= may.Queues && !holds)
            throw new QuotaExceededException($"This account may have {may.Queues} queues, and has {stored.Queues}. Nothing was stored.");
    }

    /// <summary>Holds a refusal back, if there were many of late, each for another time, so that they don't all come again at once; not so many at a time that they would be in others' way.</summary>
    private async Task HoldAsync(TokenBucket bucket, CancellationToken cancellationToken)
    {
        if (!bucket.ExceedsPromptRefusals)
            return;
        try
        {
            if (Interlocked.Increment(ref held) <= Limits.MaxDelayedRefusals)
                await Task.Delay(Limits.RefusalDelay * (0.5 + random.NextDouble()), time, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref held);
        }
    }

    private ConcurrencyLimiter? LimiterOf(AccountName account, AccountLimits may)
    {
        if (may.Concurrent >= QuotasOptions.UnlimitedConcurrent)
            return null;
        if (limiters.TryGetValue((account, may.Concurrent), out var limiter))
            return limiter;
        if (limiters.Count >= MaxBuckets)
        {
            // One that is in use goes on by itself; whoever comes then begins another.
            foreach (var (key, idle) in limiters)
            {
                if (idle.GetStatistics() is { } state && state.CurrentAvailablePermits == key.Most)
                    limiters.TryRemove(KeyValuePair.Create(key, idle));
            }
        }

        return limiters.GetOrAdd((account, may.Concurrent), key => new(new()
        {
            PermitLimit = (int)key.Most,
            QueueLimit = (int)Math.Min(key.Most * QueueLength, int.MaxValue),
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        }));
    }

    /// <summary>Lets go of buckets that are full: nobody sees a difference.</summary>
    private void Forget()
    {
        foreach (var (account, bucket) in buckets)
        {
            if (bucket.IsFull)
                buckets.TryRemove(KeyValuePair.Create(account, bucket));
        }
    }
}

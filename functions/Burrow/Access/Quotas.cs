using System.Collections.Concurrent;
using Burrow.Queues;

namespace Burrow.Access;

/// <summary>
/// What accounts may: keeps each to its own, so that nobody else feels it. Requests are counted by each process for itself; what is
/// stored is known as well as <see cref="Counts"/> knows it.
/// </summary>
internal sealed class Quotas
{
    private const int MostBuckets = 50_000;

    private readonly AccessTable table;
    private readonly QuotasOptions defaults;
    private readonly QueueEngine queues;
    private readonly TimeProvider time;
    private readonly AccountLimits usual;
    private readonly FreshCache<AccountName, AccountLimits> limits;
    private readonly ConcurrentDictionary<AccountName, TokenBucket> buckets = new();

    public Quotas(AccessTable table, QuotasOptions defaults, QueueEngine queues, TimeProvider time)
    {
        (this.table, this.defaults, this.queues, this.time) = (table, defaults, queues, time);
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
        if (buckets.Count >= MostBuckets)
            Forget();
        var bucket = buckets.GetOrAdd(account, _ => new TokenBucket(time));
        var wait = bucket.Take(may.RequestsPerSecond);
        if (wait > TimeSpan.Zero)
        {
            await bucket.HoldAsync(may.Waiting, Limits.RefusalHeld, cancellationToken);
            throw new TooManyRequestsException(
                "requests", $"q={may.RequestsPerSecond};w=1", wait, $"This account may ask {may.RequestsPerSecond} times a second, and asked for more.");
        }
    }

    /// <summary>Counts what a request turned out to be worth besides.</summary>
    public void Charge(AccountName account, long requests)
    {
        if (requests > 0 && buckets.TryGetValue(account, out var bucket))
            bucket.Charge(requests);
    }

    /// <summary>Demands room for one more message.</summary>
    /// <exception cref="QuotaExceededException">There is none.</exception>
    public async ValueTask DemandRoomAsync(QueueAddress queue, AccountLimits may, CancellationToken cancellationToken)
    {
        if (may.StoresAnything)
            return;
        var stored = await queues.UsageAsync(queue.Account, cancellationToken);
        if (stored.Messages >= may.Messages)
            throw new QuotaExceededException($"This account may store {may.Messages} messages, and does. Nothing was stored.");
        if (stored.Bytes >= may.Bytes)
            throw new QuotaExceededException($"This account may store {may.Bytes} bytes, and does. Nothing was stored.");
        if (stored.Queues >= may.Queues && !queues.Holds(queue))
            throw new QuotaExceededException($"This account may have {may.Queues} queues, and has. Nothing was stored.");
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

using Burrow.Queues;

namespace Burrow.Access;

/// <summary>The limits of each account, and the parts that enforce them, so that no account slows down the others.</summary>
internal sealed class Quotas
{
    private readonly AccessTable table;
    private readonly QuotasOptions defaults;
    private readonly ReadCache<AccountName, AccountLimits> limits;

    public Quotas(AccessTable table, QuotasOptions defaults, QueueEngine queues, TimeProvider time, Random random)
    {
        (this.table, this.defaults) = (table, defaults);
        Defaults = AccountLimits.Of(defaults, null);
        Rate = new(time, random);
        Turns = new(1, "requests", maxWait: null, time);
        Management = new(1, "requests", maxWait: null, time);
        Uploads = new(AccessLimits.UploadsPerConcurrent, "uploads", AccessLimits.UploadWait, time);
        Storage = new(queues);
        Memory = new(defaults.MemoryBytes ?? MemoryBudget.OfProcess, time);
        limits = new(time, async account =>
            await table.LimitsAsync(account, CancellationToken.None) is { } overrides ? AccountLimits.Of(defaults, overrides) : null);
    }

    /// <summary>The limits of an account for which nothing else was set.</summary>
    public AccountLimits Defaults { get; }

    /// <summary>Limits the requests per second.</summary>
    public RequestRate Rate { get; }

    /// <summary>Limits the requests served at a time.</summary>
    public Concurrency Turns { get; }

    /// <summary>Limits the requests that manage an account, apart from the others: they never wait behind messages.</summary>
    public Concurrency Management { get; }

    /// <summary>Limits the bodies received at a time, apart from the requests served: a slow client takes none of their turns.</summary>
    public Concurrency Uploads { get; }

    /// <summary>The memory that the requests of all accounts use together.</summary>
    public MemoryBudget Memory { get; }

    /// <summary>Limits what an account stores.</summary>
    public StorageQuota Storage { get; }

    /// <summary>An account's limits, as they were at most <see cref="AccessLimits.AccessFreshness"/> ago.</summary>
    public async ValueTask<AccountLimits> OfAsync(AccountName account) => await limits.GetAsync(account) ?? Defaults;

    /// <summary>An account's limits now, read from storage.</summary>
    public async Task<AccountLimits> ReadAsync(AccountName account, CancellationToken cancellationToken) =>
        AccountLimits.Of(defaults, await table.LimitsAsync(account, cancellationToken));

    /// <summary>Sets an account's limits; null: the defaults apply again.</summary>
    public async Task SetAsync(AccountName account, LimitOverrides? overrides, CancellationToken cancellationToken)
    {
        await (overrides is null
            ? table.ResetLimitsAsync(account, cancellationToken)
            : table.SetLimitsAsync(account, overrides, cancellationToken));
        limits.Forget(account);
    }
}

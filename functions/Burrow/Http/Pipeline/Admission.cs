using System.Threading.RateLimiting;
using Burrow.Access;
using Burrow.Queues;

namespace Burrow.Http.Pipeline;

/// <summary>A request's share of what its account may use: its lease among the requests served at a time, and its charges.</summary>
/// <param name="quotas">Enforces the limits.</param>
/// <param name="payer">The account that pays; null: the request costs nothing, as with a key of the operator.</param>
/// <param name="limits">The limits of the account that the request is about.</param>
/// <param name="aborted">Cancelled when the client disconnects.</param>
internal sealed class Admission(Quotas quotas, AccountName? payer, AccountLimits limits, CancellationToken aborted)
{
    /// <summary>The weight of a request that reads or changes a whole queue or account: half of all that may be served at a time.</summary>
    public const int WholeQueue = int.MaxValue;

    private RateLimitLease? lease;
    private int weight;

    public AccountLimits Limits => limits;

    /// <summary>Waits until the request may be served. The request counts with this weight until the response is sent.</summary>
    public async Task EnterAsync(int newWeight)
    {
        weight = newWeight;
        if (payer is { } account)
        {
            var permits = weight == WholeQueue ? (int)(limits.Concurrent / 2) : weight;
            lease = await quotas.Concurrency.EnterAsync(account, limits, permits, aborted);
        }
    }

    /// <summary>Waits again, after <see cref="Leave"/>.</summary>
    public Task EnterAgainAsync() => EnterAsync(weight);

    /// <summary>Makes room for other requests.</summary>
    public void Leave()
    {
        lease?.Dispose();
        lease = null;
    }

    /// <summary>Charges requests in addition to this one.</summary>
    public void Charge(long requests)
    {
        if (payer is { } account)
            quotas.Rate.Charge(account, requests);
    }

    /// <summary>The lease, to be disposed after the response is sent; null if the request holds none.</summary>
    public IDisposable? TakeLease() => lease;
}

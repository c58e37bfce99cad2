using Burrow.Access;
using Burrow.Queues;

namespace Burrow.Http.Pipeline;

/// <summary>A request's share of what its account and this process may use: its turn, its memory and its charges.</summary>
/// <param name="quotas">Enforces the limits.</param>
/// <param name="payer">Whose limits the request uses; null: it costs nothing, as with a key of the operator.</param>
/// <param name="memory">The memory that it may use.</param>
/// <param name="limits">The limits of the account that the request is about.</param>
/// <param name="manages">
/// Whether it manages the account. Such requests have turns of their own, so that they never wait for messages.
/// </param>
/// <param name="ended">Cancelled when the client disconnects, or the request ends for another reason.</param>
internal sealed class Admission(
    Quotas quotas, Payer? payer, RequestMemory memory, AccountLimits limits, bool manages, CancellationToken ended)
{
    /// <summary>The weight of a request that reads or changes a whole queue or account: half of all that may be served at a time.</summary>
    public const int WholeQueue = int.MaxValue;

    private IDisposable? turn;
    private int weight;
    private long bytes;
    private long rows;

    public AccountLimits Limits => limits;

    public RequestMemory Memory => memory;

    /// <summary>Whether the caller's key is not for the whole account.</summary>
    public bool IsNarrow => payer?.IsNarrow == true;

    /// <summary>How many requests of the caller's key may wait.</summary>
    public WaitShare? WaitShare => payer is { } one ? new(one.Key, one.ShareOf(limits.Waiting)) : null;

    /// <summary>
    /// Waits until the request may be served, first for its turn, then for memory. It counts with this weight until it leaves.
    /// </summary>
    /// <param name="newWeight">How much the request counts among those that are served.</param>
    /// <param name="newBytes">The memory to begin with.</param>
    /// <exception cref="TooManyRequestsException">Too many requests wait, or others used up the rate while this one waited.</exception>
    /// <exception cref="UnavailableException">There is no memory.</exception>
    public async Task EnterAsync(int newWeight, long newBytes)
    {
        (weight, bytes) = (newWeight, newBytes);
        if (payer is { } account)
        {
            var entering = EnterTurnAsync(account, isResumed: false);
            var waits = !entering.IsCompleted;
            await entering;
            if (waits)
                quotas.Rate.Require(account.Account, manages, limits);
        }

        if (bytes > 0)
            await memory.BeginAsync(bytes, isResumed: false, ended);
    }

    /// <summary>Waits again, after <see cref="Leave"/>.</summary>
    /// <returns>False if the account must pay its debt first.</returns>
    public async ValueTask<bool> EnterAgainAsync()
    {
        if (payer is { } account)
        {
            // What a waiting request reads each time is charged. It is not refused, so it must not run up a debt without end.
            if (quotas.Rate.DebtOf(account.Account, manages) > 0)
                return false;
            await EnterTurnAsync(account, isResumed: true);
        }

        if (bytes > 0)
            await memory.BeginAsync(bytes, isResumed: true, ended);
        return true;
    }

    /// <summary>Makes room for other requests.</summary>
    public void Leave()
    {
        LeaveTurn();
        memory.Set(0);
    }

    /// <summary>Makes room for other requests, but keeps the memory.</summary>
    public void LeaveTurn()
    {
        turn?.Dispose();
        turn = null;
    }

    /// <summary>Waits until the request's body may be received.</summary>
    /// <returns>The lease, to be disposed when the body is there.</returns>
    /// <exception cref="TooManyRequestsException">Others are received too slowly.</exception>
    public async ValueTask<IDisposable?> EnterUploadAsync() =>
        payer is { } account ? await quotas.Uploads.EnterAsync(account, limits, 1, isResumed: false, ended) : null;

    /// <summary>Charges requests in addition to this one.</summary>
    public void Charge(long requests)
    {
        if (payer is { } account)
            quotas.Rate.Charge(account.Account, manages, requests);
    }

    /// <summary>Charges the rows that were read. The request itself pays for the first <see cref="AccessLimits.RowsPerRequest"/>.</summary>
    public void CountRows(long more)
    {
        var all = Interlocked.Add(ref rows, more);
        Charge(Further(all) - Further(all - more));

        static long Further(long rows) => Math.Max(0, rows - 1) / AccessLimits.RowsPerRequest;
    }

    private async Task EnterTurnAsync(Payer account, bool isResumed)
    {
        LeaveTurn();
        var permits = weight == WholeQueue ? limits.Concurrent / 2 : weight;
        turn = await (manages ? quotas.Management : quotas.Turns).EnterAsync(account, limits, permits, isResumed, ended);
    }
}

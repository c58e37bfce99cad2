namespace Burrow.Access;

/// <summary>
/// The requests that an account may still send: one second's worth at most, and as many again each second. The further cost of a
/// request is charged afterwards, so the bucket may be in debt, and an account that used much waits longer. (The framework's
/// limiters know no debt, and no clock but the machine's.)
/// </summary>
internal sealed class TokenBucket(TimeProvider time)
{
    private readonly Lock gate = new();
    private long at = time.GetTimestamp();
    private double debt;
    private double refused;
    private long perSecond = 1;

    /// <summary>Takes one request from the bucket.</summary>
    /// <param name="rate">The requests per second, from now on.</param>
    /// <param name="refusals">How many refusals it counts as if it is refused.</param>
    /// <returns>The time until a request is available; zero: it was taken.</returns>
    public TimeSpan Take(long rate, long refusals = 1)
    {
        lock (gate)
        {
            Refill();
            perSecond = rate;
            // The bucket is full without debt, and empty with a debt of one second's worth.
            if (debt + 1 > perSecond)
            {
                refused += refusals;
                return TimeSpan.FromSeconds((debt + 1 - perSecond) / perSecond);
            }

            debt++;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Whether there were more refusals recently than are sent without delay.</summary>
    public bool ExceedsUndelayedRefusals
    {
        get
        {
            lock (gate)
                return refused > AccessLimits.UndelayedRefusalsPerSecond;
        }
    }

    /// <summary>The seconds until the bucket has paid off what was charged beyond its rate; 0 or less: it is not in debt.</summary>
    public double Debt
    {
        get
        {
            lock (gate)
            {
                Refill();
                return (debt - perSecond) / perSecond;
            }
        }
    }

    /// <summary>Charges a cost, even if that brings the bucket into debt.</summary>
    public void Charge(long cost)
    {
        lock (gate)
        {
            // Refill first: the time that has passed must not pay off the new cost.
            Refill();
            debt += cost;
        }
    }

    /// <summary>Whether the bucket has no debt, as a new bucket has none.</summary>
    public bool IsFull
    {
        get
        {
            lock (gate)
            {
                Refill();
                return debt == 0;
            }
        }
    }

    private void Refill()
    {
        var now = time.GetTimestamp();
        var seconds = time.GetElapsedTime(at, now).TotalSeconds;
        debt = Math.Max(0, debt - (seconds * perSecond));
        refused = Math.Max(0, refused - (seconds * AccessLimits.UndelayedRefusalsPerSecond));
        at = now;
    }
}

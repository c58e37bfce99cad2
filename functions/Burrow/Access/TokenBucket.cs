namespace Burrow.Access;

/// <summary>
/// What an account may still ask for: a second's worth at most, and as much again each second. What a request turns out to cost
/// is charged afterwards, so the bucket may be in debt, and who asked for much waits the longer. (The framework's limiters know
/// no debt, and no clock but the machine's.)
/// </summary>
internal sealed class TokenBucket(TimeProvider time)
{
    private readonly Lock gate = new();
    private long at = time.GetTimestamp();
    private double debt;
    private double refused;
    private long perSecond = 1;

    /// <summary>Takes one.</summary>
    /// <param name="rate">How many there are in a second, from now on.</param>
    /// <returns>How long it takes until there is one; zero: it was taken.</returns>
    public TimeSpan Take(long rate)
    {
        lock (gate)
        {
            Refill();
            perSecond = rate;
            // Full with nothing owed; empty with a second's worth.
            if (debt + 1 > perSecond)
            {
                refused++;
                return TimeSpan.FromSeconds((debt + 1 - perSecond) / perSecond);
            }

            debt++;
            return TimeSpan.Zero;
        }
    }

    /// <summary>Whether more were refused of late than are told at once.</summary>
    public bool ExceedsPromptRefusals
    {
        get
        {
            lock (gate)
                return refused > AccessLimits.PromptRefusals;
        }
    }

    /// <summary>Takes more, whether it is there or not.</summary>
    public void Charge(long cost)
    {
        lock (gate)
        {
            // Nothing is owed before it is.
            Refill();
            debt += cost;
        }
    }

    /// <summary>Whether nothing would be different if this bucket were new.</summary>
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
        refused = Math.Max(0, refused - (seconds * AccessLimits.PromptRefusals));
        at = now;
    }
}

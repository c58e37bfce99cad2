namespace Burrow.Tables;

/// <summary>Exponential backoff: the delays double, from the first to the longest.</summary>
/// <param name="First">The delay after the first attempt.</param>
/// <param name="Max">The longest delay.</param>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Max)
{
    private const int MaxDoublings = 30;

    /// <summary>The delay after <paramref name="tries"/> earlier attempts (0: the first).</summary>
    public TimeSpan Delay(int tries)
    {
        var milliseconds = First.TotalMilliseconds * Math.Pow(2, Math.Clamp(tries, 0, MaxDoublings));
        return TimeSpan.FromMilliseconds(Math.Min(milliseconds, Max.TotalMilliseconds));
    }

    /// <summary>The same delay with jitter: between half and all of it, so that processes do not retry at the same time.</summary>
    public TimeSpan Delay(int tries, Random random) => Delay(tries) * (0.5 + random.NextDouble() / 2);
}

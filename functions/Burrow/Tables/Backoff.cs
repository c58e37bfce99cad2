namespace Burrow.Tables;

/// <summary>Delays between attempts: doubling from the first to the longest, each between half and all of itself.</summary>
internal static class Backoff
{
    public static TimeSpan Next(int tries, TimeSpan first, TimeSpan longest, Random random)
    {
        var whole = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Min(tries, 30)), longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(whole * (0.5 + random.NextDouble() / 2));
    }
}

using System.Diagnostics;

namespace Burrow.Benchmarks.Load;

/// <summary>
/// How much one run does: for a given time, or a given number of operations. Operations that have begun are finished.
/// </summary>
internal sealed class Budget
{
    private readonly long end;
    private long left;

    private Budget(TimeSpan time, long count)
    {
        end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        left = count;
    }

    public static Budget Of(TimeSpan time) => new(time, long.MaxValue);

    /// <summary>A number of operations, however long they take. After 5 minutes no more begin, so that a run cannot hang.</summary>
    public static Budget Of(long count) => new(TimeSpan.FromMinutes(5), count);

    /// <summary>Whether to begin one more operation.</summary>
    public bool TryTake() => Interlocked.Decrement(ref left) >= 0 && Stopwatch.GetTimestamp() < end;
}

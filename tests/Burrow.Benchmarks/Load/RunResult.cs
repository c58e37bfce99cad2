namespace Burrow.Benchmarks.Load;

/// <summary>The result of one run, or the median of several.</summary>
/// <param name="Rate">Operations per second, in the unit of the benchmark.</param>
/// <param name="P50">Half of the requests took at most this time.</param>
/// <param name="P99">99 of 100 requests took at most this time.</param>
/// <param name="Group">Messages per transaction; 0 where that is unknown.</param>
internal sealed record RunResult(double Rate, TimeSpan P50, TimeSpan P99, double Group = 0)
{
    /// <summary>How many requests there were.</summary>
    public int Count { get; init; }

    /// <summary>The median of each figure.</summary>
    public static RunResult Median(IReadOnlyList<RunResult> runs) => new(
        Median(runs.Select(run => run.Rate)),
        TimeSpan.FromTicks((long)Median(runs.Select(run => (double)run.P50.Ticks))),
        TimeSpan.FromTicks((long)Median(runs.Select(run => (double)run.P99.Ticks))),
        Median(runs.Select(run => run.Group)));

    /// <summary>The median; of an even number of values, the mean of the middle two.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

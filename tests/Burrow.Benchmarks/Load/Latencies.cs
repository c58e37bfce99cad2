using System.Diagnostics;

namespace Burrow.Benchmarks.Load;

/// <summary>How long each operation of one run took.</summary>
internal sealed class Latencies
{
    private long[] ticks = new long[4096];

    /// <summary>How many operations there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an operation that ends now.</summary>
    public void Add(long begun) => Add(begun, Stopwatch.GetTimestamp());

    /// <summary>Adds an operation between two timestamps.</summary>
    public void Add(long begun, long ended) => AddTicks(ended - begun);

    public void Add(Latencies others)
    {
        for (var i = 0; i < others.Count; i++)
            AddTicks(others.ticks[i]);
    }

    /// <summary>The time within which that part of the operations was done (0 to 1), by the nearest rank.</summary>
    public TimeSpan Percentile(double part)
    {
        if (Count == 0)
            throw new BenchmarkException("Nothing was measured.");
        Array.Sort(ticks, 0, Count);
        return Stopwatch.GetElapsedTime(0, ticks[Math.Max(0, (int)Math.Ceiling(part * Count) - 1)]);
    }

    private void AddTicks(long value)
    {
        if (Count == ticks.Length)
            Array.Resize(ref ticks, Count * 2);
        ticks[Count++] = value;
    }
}

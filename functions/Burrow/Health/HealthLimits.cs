namespace Burrow.Health;

/// <summary>When the timer and the checks count as late.</summary>
public static class HealthLimits
{
    /// <summary>For how long one run of the timer works. The next begins a minute after it did.</summary>
    public static readonly TimeSpan SweepTime = TimeSpan.FromSeconds(50);

    /// <summary>How often a process tells how deep and how old its busiest queues are.</summary>
    public static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(30);

    /// <summary>The timer is late when it has not finished for so long.</summary>
    public static readonly TimeSpan SweepLate = TimeSpan.FromMinutes(10);

    /// <summary>For how long a process relies on what it found out about whether it is ready.</summary>
    public static readonly TimeSpan ReadinessFreshness = TimeSpan.FromSeconds(5);

    /// <summary>How long it waits for storage to find that out.</summary>
    public static readonly TimeSpan ReadinessTime = TimeSpan.FromSeconds(5);
}

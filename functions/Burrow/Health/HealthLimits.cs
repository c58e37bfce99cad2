namespace Burrow.Health;

/// <summary>Limits of the timer, the samples and the readiness check.</summary>
public static class HealthLimits
{
    /// <summary>For how long one run of the timer works. The next run begins a minute after this run began.</summary>
    public static readonly TimeSpan SweepTime = TimeSpan.FromSeconds(50);

    /// <summary>How often a process reports the depth and the age of its busiest queues.</summary>
    public static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(30);

    /// <summary>The timer is late if it has not finished for this long.</summary>
    public static readonly TimeSpan SweepLate = TimeSpan.FromMinutes(10);

    /// <summary>For how long a process relies on the result of a readiness check.</summary>
    public static readonly TimeSpan ReadinessFreshness = TimeSpan.FromSeconds(5);

    /// <summary>How long a readiness check waits for storage.</summary>
    public static readonly TimeSpan ReadinessTime = TimeSpan.FromSeconds(5);
}

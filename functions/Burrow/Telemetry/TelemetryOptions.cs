using System.ComponentModel.DataAnnotations;

namespace Burrow.Telemetry;

/// <summary>The section <c>Burrow:Telemetry</c>. Where telemetry goes is not said here but by the standard environment variables.</summary>
public sealed class TelemetryOptions
{
    /// <summary>Of how many queues a process tells the depth and the age: those that it has most to do with. Each is a series of its own, and costs four requests to storage a sample.</summary>
    [Range(0, 1_000)]
    public int BusiestQueues { get; set; } = 20;
}

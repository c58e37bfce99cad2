using System.ComponentModel.DataAnnotations;

namespace Burrow.Telemetry;

/// <summary>The section <c>Burrow:Telemetry</c>. The standard environment variables say where telemetry is sent.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// For how many queues a process reports the depth and the age: those to which it makes the most changes. Each queue is a series of its
    /// own, and costs four requests to storage for each sample.
    /// </summary>
    [Range(0, 1_000)]
    public int BusiestQueues { get; set; } = 20;

    /// <summary>Whether a process counts the messages that claims hand out by their priority: ten series more.</summary>
    public bool ClaimsByPriority { get; set; }
}

using System.ComponentModel.DataAnnotations;

namespace Burrow.Queues;

/// <summary>The settings of queues, directly in the section <c>Burrow</c>.</summary>
public class QueueOptions
{
    /// <summary>The <c>ttl</c> of a put that sets none, in seconds; 0: for ever.</summary>
    [Range(0, QueueLimits.AttributeSeconds)]
    public long DefaultTtl { get; set; } = 600;

    /// <summary>The <c>hide</c> of a put that sets none, in seconds; 0: visible.</summary>
    [Range(0, QueueLimits.AttributeSeconds)]
    public long DefaultHide { get; set; }

    /// <summary>The largest body accepted, in bytes.</summary>
    [Range(1, QueueLimits.BodyBytes)]
    public int MaxBodyBytes { get; set; } = QueueLimits.BodyBytes;

    /// <summary>
    /// The longest time that a request waits, in seconds, even if it asks for more. The Functions host answers within 230 s.
    /// </summary>
    [Range(0, 220)]
    public int MaxWait { get; set; } = 100;

    /// <summary>
    /// When the timer runs: NCRONTAB with seconds. The Functions host itself reads it, as <c>%Burrow:ExpirySchedule%</c>.
    /// </summary>
    [Required]
    public string ExpirySchedule { get; set; } = "0 * * * * *";

    internal TimeSpan MaxWaitTime => TimeSpan.FromSeconds(MaxWait);
}

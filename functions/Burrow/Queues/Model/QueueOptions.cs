using System.ComponentModel.DataAnnotations;

namespace Burrow.Queues;

/// <summary>The settings of queues, from the section <c>Burrow</c> itself.</summary>
public class QueueOptions
{
    /// <summary>The ttl of a put that has none, in seconds; 0: for ever.</summary>
    [Range(0, QueueLimits.AttributeSeconds)]
    public long DefaultTtl { get; set; } = 600;

    /// <summary>The hide of a put that has none, in seconds; 0: visible.</summary>
    [Range(0, QueueLimits.AttributeSeconds)]
    public long DefaultHide { get; set; }

    /// <summary>The largest body accepted, in bytes.</summary>
    [Range(1, QueueLimits.BodyBytes)]
    public int MaxBodyBytes { get; set; } = QueueLimits.BodyBytes;

    /// <summary>The longest time that a request waits, in seconds, whatever it asks for. The Functions host answers within 230 s.</summary>
    [Range(0, 220)]
    public int MaxWait { get; set; } = 100;

    /// <summary>When the timer runs: NCRONTAB with seconds. The Functions host itself reads it, as <c>%Burrow:ExpirySchedule%</c>.</summary>
    [Required]
    public string ExpirySchedule { get; set; } = "0 * * * * *";

    internal TimeSpan MaxWaitTime => TimeSpan.FromSeconds(MaxWait);
}

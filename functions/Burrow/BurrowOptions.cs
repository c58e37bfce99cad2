using System.ComponentModel.DataAnnotations;
using Burrow.Access;
using Burrow.Events;
using Burrow.Tables.Azure;
using Burrow.Telemetry;
using Microsoft.Extensions.Options;

namespace Burrow;

/// <summary>The settings, from the section <c>Burrow</c>; checked when the process starts.</summary>
public sealed class BurrowOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Burrow";

    /// <summary>Seconds that a message lives whose put doesn't say; 0: for ever.</summary>
    [Range(0, Limits.AttributeSeconds)]
    public long DefaultTtl { get; set; } = 600;

    /// <summary>Seconds for which a message is hidden whose put doesn't say; 0: visible.</summary>
    [Range(0, Limits.AttributeSeconds)]
    public long DefaultHide { get; set; }

    /// <summary>The largest body taken, in bytes.</summary>
    [Range(1, Limits.BodyBytes)]
    public int MaxBodyBytes { get; set; } = Limits.BodyBytes;

    /// <summary>The longest that a request waits, in seconds, whatever it asks for. The Functions host answers after 230 s at most.</summary>
    [Range(0, 220)]
    public int MaxWait { get; set; } = 100;

    /// <summary>When the timer runs, as NCRONTAB (with seconds). Read by the Functions host itself as <c>%Burrow:ExpirySchedule%</c>.</summary>
    [Required]
    public string ExpirySchedule { get; set; } = "0 * * * * *";

    /// <summary>Where the tables are.</summary>
    [ValidateObjectMembers]
    public StorageOptions Storage { get; set; } = new();

    /// <summary>Event Grid, and what is sent there.</summary>
    [ValidateObjectMembers]
    public EventsOptions Events { get; set; } = new();

    /// <summary>Who may do what.</summary>
    [ValidateObjectMembers]
    public AccessOptions Access { get; set; } = new();

    /// <summary>What each account may.</summary>
    [ValidateObjectMembers]
    public QuotasOptions Quotas { get; set; } = new();

    /// <summary>What is told of how it goes.</summary>
    [ValidateObjectMembers]
    public TelemetryOptions Telemetry { get; set; } = new();

    internal TimeSpan MaxWaitTime => TimeSpan.FromSeconds(MaxWait);
}

[OptionsValidator]
internal sealed partial class BurrowOptionsValidator : IValidateOptions<BurrowOptions>;

using Burrow.Access;
using Burrow.Events;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Relays;
using Burrow.Relays;
using Burrow.Tables.Azure;
using Burrow.Telemetry;
using Microsoft.Extensions.Options;

namespace Burrow;

/// <summary>
/// All settings, from the section <c>Burrow</c>. They are checked when the process starts. Each room knows only its own part.
/// </summary>
public sealed class BurrowOptions : QueueOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Burrow";

    /// <summary>The storage account of the tables.</summary>
    [ValidateObjectMembers]
    public StorageOptions Storage { get; set; } = new();

    /// <summary>Event Grid and events.</summary>
    [ValidateObjectMembers]
    public EventsOptions Events { get; set; } = new();

    /// <summary>Keys, links and cross-origin requests.</summary>
    [ValidateObjectMembers]
    public AccessOptions Access { get; set; } = new();

    /// <summary>Relays to other deployments.</summary>
    [ValidateObjectMembers]
    public RelaysOptions Relays { get; set; } = new();

    /// <summary>The default limits of each account.</summary>
    [ValidateObjectMembers]
    public QuotasOptions Quotas { get; set; } = new();

    /// <summary>Metrics.</summary>
    [ValidateObjectMembers]
    public TelemetryOptions Telemetry { get; set; } = new();
}

/// <summary>Checks the bounds of each setting.</summary>
[OptionsValidator]
internal sealed partial class BurrowOptionsValidator : IValidateOptions<BurrowOptions>;

/// <summary>Checks that settings fit together.</summary>
internal sealed class BurrowOptionsRules : IValidateOptions<BurrowOptions>
{
    public ValidateOptionsResult Validate(string? name, BurrowOptions options)
    {
        List<string> errors =
        [
            .. options.Access.Errors(), .. EventsRules.Errors(options.Events, options.Access), .. RelayRules.Errors(options.Relays),
        ];
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}

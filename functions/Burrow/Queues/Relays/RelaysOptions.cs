using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Burrow.Queues.Relays;

/// <summary>The section <c>Burrow:Relays</c>. Without <see cref="AllowedHosts"/> there are no relays: requests for them get 501.</summary>
public sealed class RelaysOptions
{
    /// <summary>
    /// The hosts that relays may send to, separated by commas: exact names, or <c>*.</c> and a domain for every name below it.
    /// </summary>
    public string? AllowedHosts { get; set => field = value is "" ? null : value; }

    /// <summary>The ports that they may send to, separated by commas.</summary>
    [RegularExpression("^[0-9]{1,5}(,[0-9]{1,5})*$")]
    public string AllowedPorts { get; set; } = "443";

    /// <summary>The stamp of this deployment. If absent, it is made with the tables, at random.</summary>
    [RegularExpression("^[A-Za-z0-9-]{1,32}$")]
    public string? Stamp { get; set => field = value is "" ? null : value; }

    internal IReadOnlyList<string> Hosts =>
        AllowedHosts?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    internal IEnumerable<int> Ports => AllowedPorts.Split(',').Select(port => int.Parse(port, CultureInfo.InvariantCulture));
}

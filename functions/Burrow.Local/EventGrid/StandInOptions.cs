namespace Burrow.Local.EventGrid;

/// <summary>The section <c>EventGrid</c> of the local process's settings.</summary>
internal sealed class StandInOptions
{
    public const string Section = "EventGrid";

    public const double Fastest = 10_000;

    /// <summary>
    /// How many times as fast as the real Event Grid's its clock runs, from 1 to <see cref="Fastest"/>. It applies to the waits
    /// between deliveries and to the events' time to live.
    /// </summary>
    public double Speed { get; set; } = 1;
}

namespace Burrow.Benchmarks.Reporting;

/// <summary>What was wanted, and what was measured.</summary>
internal sealed record Target(string What, string Wanted, string Measured, bool Met);

/// <summary>The figures of one benchmark.</summary>
internal sealed class Section(string title, string about, params string[] columns)
{
    public string Title => title;

    /// <summary>What was done, so that a reader can judge the figures.</summary>
    public string About => about;

    public IReadOnlyList<string> Columns => columns;

    public List<string[]> Rows { get; } = [];

    public List<Target> Targets { get; } = [];

    public void Add(params string[] row) => Rows.Add(row);

    /// <summary>Adds a figure that must be at least the wanted value.</summary>
    public void AtLeast(string what, double wanted, double measured, Func<double, string> format) =>
        Targets.Add(new(what, $"≥ {format(wanted)}", format(measured), measured >= wanted));

    /// <summary>Adds a figure that must be at most the wanted value.</summary>
    public void AtMost(string what, double wanted, double measured, Func<double, string> format) =>
        Targets.Add(new(what, $"≤ {format(wanted)}", format(measured), measured <= wanted));
}

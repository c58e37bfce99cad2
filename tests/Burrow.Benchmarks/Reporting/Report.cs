using System.Text;

namespace Burrow.Benchmarks.Reporting;

/// <summary>All sections as markdown: first the targets and their results, then every figure.</summary>
internal static class Report
{
    public static string Write(IReadOnlyList<Section> sections, Machine machine, string command)
    {
        var text = new StringBuilder();
        text.Append("# Benchmarks\n\n");
        text.Append(
            "The benchmarks write this file; every figure was measured in this one run. "
            + "The load generator, the server and storage share the machine.\n\n");
        text.Append($"- command: `{command}`\n");
        foreach (var (name, value) in machine.Facts)
            text.Append($"- {name}: {value}\n");
        var targets = sections.SelectMany(section => section.Targets).ToList();
        text.Append($"\n## Targets: {targets.Count(target => target.Met)} of {targets.Count} met\n\n");
        Table(
            text,
            ["", "wanted", "measured", ""],
            targets.Select(target => (string[])[target.What, target.Wanted, target.Measured, target.Met ? "met" : "**missed**"]));
        foreach (var section in sections)
            text.Append($"\n{Write(section)}");
        return text.ToString();
    }

    /// <summary>One section, without its targets.</summary>
    public static string Write(Section section)
    {
        var text = new StringBuilder($"## {section.Title}\n\n{section.About}\n\n");
        Table(text, section.Columns, section.Rows);
        return text.ToString();
    }

    /// <summary>Pads the columns, so that the table is readable as plain text too.</summary>
    private static void Table(StringBuilder text, IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        var all = rows.Prepend([.. columns]).ToList();
        var widths = columns.Select((_, i) => Math.Max(3, all.Max(row => row[i].Length))).ToList();
        Line(all[0]);
        text.Append('|').AppendJoin('|', widths.Select(width => new string('-', width + 2))).Append("|\n");
        all.Skip(1).ToList().ForEach(Line);

        void Line(string[] row) => text.Append("| ").AppendJoin(" | ", row.Select((cell, i) => cell.PadRight(widths[i]))).Append(" |\n");
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Burrow.Benchmarks.Reporting;

/// <summary>The machine on which the figures were measured.</summary>
internal sealed record Machine(IReadOnlyList<(string Name, string Value)> Facts)
{
    public static Machine Look() => new(
    [
        ("date", DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
        ("commit", Commit()),
        ("processor", $"{Line("/proc/cpuinfo", "model name")}, {Environment.ProcessorCount} cores"),
        ("memory", $"{long.Parse(Line("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / 1024:n0} MiB"),
        ("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"),
        ("disk", $"one 4 KiB write and fsync takes {Format.Milliseconds(Fsync())} (median of 200, {Path.GetTempPath()})"),
        ("load before", $"{File.ReadAllText("/proc/loadavg").Split(' ')[0]} (1 min average; a quiet machine has about 0)"),
    ]);

    private static string Line(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";

    private static string Commit()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["describe", "--always", "--dirty", "--abbrev=12"])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
        })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }

    private static double Fsync()
    {
        using var folder = new TemporaryFolder();
        using var file = new FileStream(folder.File("fsync"), FileMode.CreateNew);
        var block = new byte[4096];
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            file.Write(block);
            file.Flush(flushToDisk: true);
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        return times.Order().ElementAt(100);
    }
}

using System.Diagnostics;
using Burrow.Benchmarks.Load;
using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>How long <c>burrow serve</c> takes until it listens, and how much memory it uses then.</summary>
internal static class Serve
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    public static async Task<Section> RunAsync(Session session)
    {
        var section = new Section(
            "burrow serve",
            "From the start of the process until it says where it listens; the median of several starts, each with a new file. Resident is "
            + $"`VmRSS`, {Settled.TotalSeconds:0} s later.",
            "storage", "start", "resident");
        foreach (var (name, tables) in ((string, string)[])[("memory", "memory"), ("SQLite", "sqlite:burrow.db")])
        {
            var (starts, residents) = (new List<double>(), new List<double>());
            // The first start reads the program from the disk.
            for (var run = 0; run <= session.Runs; run++)
            {
                using var folder = new TemporaryFolder();
                var begun = Stopwatch.GetTimestamp();
                await using var process = await ListeningProcess.StartAsync(
                    "Burrow.Cli.dll",
                    ["serve", "--urls", "http://127.0.0.1:0", "--tables", tables],
                    new Dictionary<string, string?> { [Runtime.InlineCompletions] = null },
                    Directory.CreateDirectory(folder.File("work")).FullName);
                starts.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
                await Task.Delay(Settled);
                residents.Add(Server.ResidentOf(process.Id));
            }

            var (start, resident) = (RunResult.Median(starts[1..]), RunResult.Median(residents[1..]));
            section.Add(name, Format.Milliseconds(start), Format.Mebibytes(resident));
            section.AtMost($"burrow serve, {name}: start", 600, start, Format.Milliseconds);
            section.AtMost($"burrow serve, {name}: resident", 90, resident, Format.Mebibytes);
        }

        return section;
    }
}

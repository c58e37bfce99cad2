using System.Diagnostics;
using System.Globalization;

namespace Burrow.Benchmarks.Reporting;

/// <summary>Prints to standard error how far a run of minutes has got.</summary>
internal static class Progress
{
    private static readonly long Begun = Stopwatch.GetTimestamp();

    public static void Tell(string what)
    {
        var elapsed = Stopwatch.GetElapsedTime(Begun).ToString(@"mm\:ss\.f", CultureInfo.InvariantCulture);
        Console.Error.WriteLine($"{elapsed} {what}");
    }
}

using System.Globalization;

namespace Burrow.Benchmarks.Load;

/// <summary>The processor time that processes have used, as the kernel counts it, in steps of 10 ms.</summary>
internal static class Processor
{
    /// <summary>The time of one process.</summary>
    public static TimeSpan UsedBy(int process)
    {
        var fields = Fields(process);
        return TimeSpan.FromMilliseconds(10 * (Number(fields[11]) + Number(fields[12])));
    }

    /// <summary>The time of a process and of those that it started.</summary>
    public static TimeSpan UsedByTree(int process)
    {
        var used = UsedBy(process);
        var children = File.ReadAllText($"/proc/{process}/task/{process}/children");
        foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            used += UsedByTree((int)Number(child));
        return used;
    }

    /// <summary>The name in parentheses may contain anything, so count after it: field 3 and following of proc_pid_stat(5).</summary>
    private static string[] Fields(int process) => File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

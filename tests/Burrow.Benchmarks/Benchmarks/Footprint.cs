using Burrow.Benchmarks.Reporting;

namespace Burrow.Benchmarks.Benchmarks;

/// <summary>
/// What the local process uses of a machine while it gets no requests: when it is new, and after all other benchmarks.
/// </summary>
internal static class Footprint
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(10);

    public static async Task<Section> AtStartAsync(Session session)
    {
        var section = NewSection("The local process, just started", "The processes started, then got no requests.");
        Server[] servers = [await session.MemoryAsync(), await session.SqliteAsync()];
        await Task.Delay(TimeSpan.FromSeconds(2));
        foreach (var (server, resident, cpu) in await WatchAsync(servers))
        {
            section.Add(server.Name, Format.Mebibytes(resident), Format.Percent(cpu));
            section.AtMost($"resident after start, {server.Name}", 80, resident, Format.Mebibytes);
            section.AtMost($"processor while nothing waits, {server.Name} (rounded to whole percents)", 0.5, cpu, Format.Percent);
        }

        return section;
    }

    public static async Task<Section> AtEndAsync(Session session)
    {
        var section = NewSection(
            "The local process, afterwards",
            "The same processes after all benchmarks of this run. All messages were deleted; then the processes got no requests for 10 s.");
        Server[] servers = [await session.MemoryAsync(), await session.SqliteAsync()];
        foreach (var server in servers)
            await server.EmptyAsync("bench");
        await Task.Delay(Watched);
        foreach (var (server, resident, cpu) in await WatchAsync(servers))
        {
            section.Add(server.Name, Format.Mebibytes(resident), Format.Percent(cpu));
            section.AtMost($"resident after all benchmarks, {server.Name}", 300, resident, Format.Mebibytes);
        }

        return section;
    }

    private static Section NewSection(string title, string about) => new(
        title,
        $"{about} Resident is `VmRSS`. Processor time is a share of one core over {Watched.TotalSeconds:0} s; "
        + "the kernel counts it in steps of 10 ms (0.1 %).",
        "process",
        "resident",
        "processor");

    private static async Task<List<(Server Server, double Resident, double Cpu)>> WatchAsync(IReadOnlyList<Server> servers)
    {
        var before = servers.Select(server => server.Used).ToList();
        await Task.Delay(Watched);
        return [.. servers.Select((server, i) => (server, server.Resident, 100 * (server.Used - before[i]) / Watched))];
    }
}

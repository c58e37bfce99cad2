namespace Burrow.Local;

/// <summary>
/// Gives memory back when the process is idle. The collector runs only when the process allocates. So the garbage of a busy hour
/// would stay until the next busy hour, and on a developer's machine other programs could use that memory.
/// </summary>
internal sealed class IdleMemory : BackgroundService
{
    /// <summary>How often it looks whether the process was idle since the last look.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(4);

    /// <summary>
    /// An idle process allocates fewer bytes than this between two looks: for timers, and for waiting requests, which need little.
    /// </summary>
    private const long Idle = 1024 * 1024;

    /// <summary>A collection is worth its cost when the process has allocated more bytes than this since the last one.</summary>
    private const long Worth = 64 * 1024 * 1024;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        var last = GC.GetTotalAllocatedBytes();
        var collected = last;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var now = GC.GetTotalAllocatedBytes();
            if (now - last < Idle && now - collected > Worth)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
                collected = now;
            }

            last = now;
        }
    }
}

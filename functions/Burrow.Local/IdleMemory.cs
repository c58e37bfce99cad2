namespace Burrow.Local;

/// <summary>
/// Gives memory back when the process has nothing to do. The collector runs when something is allocated, so what a busy hour left
/// behind would stay until the next; on a developer's machine others could use it.
/// </summary>
internal sealed class IdleMemory : BackgroundService
{
    /// <summary>How often it looks whether the process was idle since it last did.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(4);

    /// <summary>Bytes allocated between two looks by a process that does nothing: timers, and those who wait for little.</summary>
    private const long Idle = 1024 * 1024;

    /// <summary>Bytes allocated since the last collection that make another worth its while.</summary>
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

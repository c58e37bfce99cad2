namespace Burrow.Queues.Waiting;

/// <summary>Wakes all who wait. Whoever takes <see cref="Version"/> before he looks misses nothing that comes after.</summary>
internal sealed class ChangeSignal
{
    private readonly Lock gate = new();
    private readonly HashSet<TaskCompletionSource> waiting = [];
    private long version;

    /// <summary>Another after each <see cref="Set"/>.</summary>
    public long Version
    {
        get
        {
            lock (gate)
                return version;
        }
    }

    public void Set()
    {
        TaskCompletionSource[] woken;
        lock (gate)
        {
            version++;
            woken = [.. waiting];
            waiting.Clear();
        }

        foreach (var one in woken)
            one.TrySetResult();
    }

    /// <summary>
    /// Returns once it was set since that version, the time is up, or it is cancelled; which of them, the caller sees for himself.
    /// </summary>
    /// <remarks>
    /// Awaits one source of its own and no combination of tasks: those go through the thread pool, where a simulation can't
    /// schedule them.
    /// </remarks>
    public async Task WaitAsync(long seen, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (version != seen)
                return;
            waiting.Add(woken);
        }

        await using var timer = time.CreateTimer(Wake, woken, timeout, Timeout.InfiniteTimeSpan);
        await using var cancellation = cancellationToken.UnsafeRegister(Wake, woken);
        await woken.Task;
        lock (gate)
            waiting.Remove(woken);

        static void Wake(object? woken) => ((TaskCompletionSource)woken!).TrySetResult();
    }
}

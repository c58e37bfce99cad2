namespace Burrow.Queues.Waiting;

/// <summary>Wakes all waiting callers. A caller that reads <see cref="Version"/> before it looks misses no later change.</summary>
internal sealed class ChangeSignal
{
    private readonly Lock gate = new();
    private readonly HashSet<TaskCompletionSource> waiting = [];
    private long version;

    /// <summary>The number of the last change. It differs after each <see cref="Set"/>.</summary>
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
    /// Returns when the signal was set since the version <paramref name="seen"/>, when the time is up, or when it is cancelled. The
    /// caller must find out which of them happened.
    /// </summary>
    /// <remarks>
    /// Awaits a single task source of its own, and no combination of tasks. A combination runs through the thread pool, where a
    /// simulation cannot schedule it.
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

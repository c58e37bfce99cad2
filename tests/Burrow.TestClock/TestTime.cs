using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Burrow.TestClock;

/// <summary>The clock of a process. It starts at 03:04:05 UTC on 2 January 2026.</summary>
public sealed class TestTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)), ITestTime
{
    private readonly ConcurrentDictionary<TimeSpan, Wait> waits = new();

    /// <inheritdoc/>
    public void Watch() => waits.Clear();

    /// <inheritdoc/>
    public Task BegunAsync(TimeSpan wait) => Of(wait).Begun.Task.WaitAsync(ITestTime.Patience);

    /// <inheritdoc/>
    public Task EndedAsync(TimeSpan wait) => Of(wait).Ended.Task.WaitAsync(ITestTime.Patience);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var wait = Of(dueTime);
        var timer = new WatchedTimer(base.CreateTimer(callback, state, dueTime, period), wait);
        wait.Begun.TrySetResult();
        return timer;
    }

    private Wait Of(TimeSpan wait) => waits.GetOrAdd(wait, _ => new Wait());

    private sealed class Wait
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class WatchedTimer(ITimer timer, Wait wait) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            timer.Dispose();
            wait.Ended.TrySetResult();
        }

        public async ValueTask DisposeAsync()
        {
            await timer.DisposeAsync();
            wait.Ended.TrySetResult();
        }
    }
}

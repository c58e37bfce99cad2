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
        var timer = new WatchedTimer(base.CreateTimer, callback, state, wait);
        timer.Change(dueTime, period);
        wait.Begun.TrySetResult();
        return timer;
    }

    private Wait Of(TimeSpan wait) => waits.GetOrAdd(wait, _ => new Wait());

    private sealed class Wait
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>
    /// A timer. However far the clock is moved at once, it fires once, as it does in a process that was suspended for that long.
    /// </summary>
    private sealed class WatchedTimer : ITimer
    {
        private readonly ITimer timer;
        private readonly TimerCallback callback;
        private readonly Wait wait;
        private TimeSpan period;

        public WatchedTimer(
            Func<TimerCallback, object?, TimeSpan, TimeSpan, ITimer> create, TimerCallback callback, object? state, Wait wait)
        {
            (this.callback, this.wait) = (callback, wait);
            timer = create(Fire, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            this.period = period;
            return timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        }

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

        private void Fire(object? state)
        {
            if (period > TimeSpan.Zero)
                timer.Change(period, Timeout.InfiniteTimeSpan);
            callback(state);
        }
    }
}

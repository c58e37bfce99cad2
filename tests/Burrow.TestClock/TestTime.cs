using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Burrow.Tests.Support;

/// <summary>
/// A clock that moves only when the test advances it. A test can wait until code waits for a given time, so no test needs to
/// sleep and hope.
/// </summary>
internal sealed class TestTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<TimeSpan, Wait> waits = new();

    /// <summary>Forgets all waits until now.</summary>
    public void Watch() => waits.Clear();

    /// <summary>Completes when code waits for exactly that time.</summary>
    public Task BegunAsync(TimeSpan wait) => Of(wait).Begun.Task.WaitAsync(Patience);

    /// <summary>Completes when the code that waited for exactly that time no longer waits, whatever the clock says.</summary>
    public Task EndedAsync(TimeSpan wait) => Of(wait).Ended.Task.WaitAsync(Patience);

    /// <summary>Advances the clock in steps until the task is done.</summary>
    public async Task<T> AdvanceUntilAsync<T>(Task<T> task, TimeSpan step)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!task.IsCompleted)
        {
            Advance(step);
            await Task.WhenAny(task, Task.Delay(1, patience.Token));
            patience.Token.ThrowIfCancellationRequested();
        }

        return await task;
    }

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

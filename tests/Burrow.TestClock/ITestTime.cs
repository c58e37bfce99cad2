namespace Burrow.TestClock;

/// <summary>
/// A clock that moves only when the test advances it, in this process or in another. A test can wait until code waits for a given time,
/// so no test needs to sleep and hope.
/// </summary>
public interface ITestTime
{
    /// <summary>How long the methods that wait do so, in real time, before they throw <see cref="TimeoutException"/>.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The instant that the clock shows.</summary>
    DateTimeOffset GetUtcNow();

    /// <summary>Moves the clock. Timers that are due have run when this returns.</summary>
    void Advance(TimeSpan delta);

    /// <summary>Forgets all waits until now.</summary>
    void Watch();

    /// <summary>Completes when code waits for exactly that time.</summary>
    Task BegunAsync(TimeSpan wait);

    /// <summary>Completes when the code that waited for exactly that time no longer waits, whatever the clock says.</summary>
    Task EndedAsync(TimeSpan wait);
}

/// <summary>What a test does with any clock.</summary>
public static class TestTimeExtensions
{
    /// <summary>Advances the clock in steps until the task is done.</summary>
    public static async Task<T> AdvanceUntilAsync<T>(this ITestTime time, Task<T> task, TimeSpan step)
    {
        using var patience = new CancellationTokenSource(ITestTime.Patience);
        while (!task.IsCompleted)
        {
            time.Advance(step);
            await Task.WhenAny(task, Task.Delay(1, patience.Token));
            patience.Token.ThrowIfCancellationRequested();
        }

        return await task;
    }
}

namespace Burrow.Queues.Scheduling;

/// <summary>
/// Lets the callers of this process that change the same things take turns, in the order of their calls. It saves conflicts, and nothing
/// relies on it: other processes are no part of it, and a caller that has waited for long goes on without its turn.
/// </summary>
internal sealed class Turns<TKey>(TimeProvider time)
    where TKey : notnull
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<TKey, Queue<TaskCompletionSource<bool>>> waiting = [];

    /// <summary>Waits until no other caller has any of the keys, but not for long.</summary>
    /// <param name="keys">The keys, in an order that is the same for all callers.</param>
    /// <returns>The keys whose turn the caller has. It gives them back.</returns>
    public async Task<IReadOnlyList<TKey>> EnterAsync(IReadOnlyList<TKey> keys)
    {
        var held = new List<TKey>(keys.Count);
        foreach (var key in keys)
        {
            if (await EnterAsync(key))
                held.Add(key);
        }

        return held;
    }

    /// <summary>Gives the turns of these keys to the next callers.</summary>
    public void Leave(IReadOnlyList<TKey> held)
    {
        foreach (var key in held)
            Leave(key);
    }

    private async Task<bool> EnterAsync(TKey key)
    {
        var turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (!waiting.TryGetValue(key, out var line))
            {
                waiting[key] = new();
                return true;
            }

            line.Enqueue(turn);
        }

        await using var timer = time.CreateTimer(
            turn => ((TaskCompletionSource<bool>)turn!).TrySetResult(false), turn, MaxWait, Timeout.InfiniteTimeSpan);
        return await turn.Task;
    }

    private void Leave(TKey key)
    {
        while (true)
        {
            TaskCompletionSource<bool>? next;
            lock (gate)
            {
                if (!waiting[key].TryDequeue(out next))
                {
                    waiting.Remove(key);
                    return;
                }
            }

            // One that has gone on without its turn is passed over.
            if (next.TrySetResult(true))
                return;
        }
    }
}

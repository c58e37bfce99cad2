namespace Burrow.Queues.Scheduling;

/// <summary>
/// Lets the callers of this process that change the same things take turns, in the order of their calls. Other processes are no part of
/// it: it saves conflicts, and nothing relies on it.
/// </summary>
internal sealed class Turns<TKey>
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<TKey, Queue<TaskCompletionSource>> waiting = [];

    /// <summary>Waits until no other caller has any of the keys.</summary>
    /// <param name="keys">The keys, in an order that is the same for all callers.</param>
    public async Task EnterAsync(IReadOnlyList<TKey> keys)
    {
        foreach (var key in keys)
        {
            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (gate)
            {
                if (waiting.TryGetValue(key, out var line))
                {
                    line.Enqueue(turn);
                }
                else
                {
                    waiting[key] = new();
                    turn.SetResult();
                }
            }

            await turn.Task;
        }
    }

    /// <summary>Gives the turns of these keys to the next callers.</summary>
    public void Leave(IReadOnlyList<TKey> keys)
    {
        foreach (var key in keys)
        {
            TaskCompletionSource? next;
            lock (gate)
            {
                if (!waiting[key].TryDequeue(out next))
                    waiting.Remove(key);
            }

            next?.SetResult();
        }
    }
}

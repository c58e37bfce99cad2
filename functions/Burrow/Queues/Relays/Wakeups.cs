namespace Burrow.Queues.Relays;

/// <summary>
/// Runs work for queues in the background, once for each queue at a time. A queue that is woken while its work runs is worked on once more
/// afterwards, so no wake-up is lost.
/// </summary>
/// <param name="run">The work. It belongs to no request.</param>
/// <param name="failed">Receives what the work throws.</param>
internal sealed class Wakeups(Func<QueueAddress, Task> run, Action<Exception> failed)
{
    private readonly Lock gate = new();

    /// <summary>The queues that are worked on, and whether each was woken again.</summary>
    private readonly Dictionary<string, bool> running = [];

    /// <summary>Has a queue worked on from now on.</summary>
    public void Wake(QueueAddress queue)
    {
        lock (gate)
        {
            if (running.ContainsKey(queue.Partition))
            {
                running[queue.Partition] = true;
                return;
            }

            running[queue.Partition] = false;
        }

        // The work belongs to no request, so it does not use the span of the request that woke it.
        using (ExecutionContext.SuppressFlow())
            _ = RunAsync(queue);
    }

    private async Task RunAsync(QueueAddress queue)
    {
        await Task.Yield();
        do
        {
            try
            {
                await run(queue);
            }
            catch (Exception e)
            {
                failed(e);
            }
        }
        while (IsWokenAgain(queue));
    }

    private bool IsWokenAgain(QueueAddress queue)
    {
        lock (gate)
        {
            if (running[queue.Partition])
            {
                running[queue.Partition] = false;
                return true;
            }

            running.Remove(queue.Partition);
            return false;
        }
    }
}

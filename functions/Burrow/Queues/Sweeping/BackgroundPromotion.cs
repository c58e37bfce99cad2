using System.Collections.Concurrent;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Sweeping;

/// <summary>
/// Moves a queue's due messages into its visible line in the background, after a claim found many of them. Each queue has at most one
/// run at a time.
/// </summary>
internal sealed class BackgroundPromotion(QueueContext context, QueueSweeper sweeper, CancellationToken stopping)
{
    private readonly ConcurrentDictionary<string, bool> running = new();

    public void Start(QueueAddress queue)
    {
        if (!running.TryAdd(queue.Partition, true))
            return;
        // The run belongs to no request, so it does not use the span of the request that found the messages.
        using (ExecutionContext.SuppressFlow())
            _ = RunAsync(queue);
    }

    private async Task RunAsync(QueueAddress queue)
    {
        try
        {
            await Task.Yield();
            await sweeper.PromoteAsync(queue, () => stopping.IsCancellationRequested, CancellationToken.None);
        }
        catch (Exception e)
        {
            context.Logger.BackgroundFailed(e.Message);
        }
        finally
        {
            running.TryRemove(queue.Partition, out _);
        }
    }
}

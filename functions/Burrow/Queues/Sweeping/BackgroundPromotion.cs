using System.Collections.Concurrent;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Sweeping;

/// <summary>
/// Moves a queue's due messages into its visible line in the background, after a claim found many of them: at most once at a time for
/// each queue.
/// </summary>
internal sealed class BackgroundPromotion(QueueContext context, QueueSweeper sweeper, CancellationToken stopping)
{
    private readonly ConcurrentDictionary<string, bool> running = new();

    public void Start(QueueAddress queue)
    {
        if (!running.TryAdd(queue.Partition, true))
            return;
        // It belongs to no request, so it does not run under the span of the one that found the messages.
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

using System.Collections.Concurrent;
using Burrow.Caching;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Sweeping;

/// <summary>
/// Does some of the timer's work in a queue in the background, where a claim finds that it may help. Each queue has at most one run of a
/// kind at a time. A process that is about to stop begins none.
/// </summary>
internal sealed class BackgroundSweep(QueueContext context, QueueSweeper sweeper, CancellationToken stopping)
{
    /// <summary>How often one queue is looked through for what died or expired.</summary>
    private static readonly TimeSpan ExpireInterval = TimeSpan.FromSeconds(5);

    private const int MaxQueues = 10_000;

    private readonly ConcurrentDictionary<(string Partition, string Work), bool> running = new();
    private readonly BoundedCache<string, long> expired = new(MaxQueues);

    /// <summary>Moves a queue's due messages into its visible line, after a claim found many of them.</summary>
    public void Promote(QueueAddress queue) =>
        Start(queue, "promote", () => sweeper.PromoteAsync(queue, () => IsStopping, CancellationToken.None));

    /// <summary>Buries what died by time and removes what expired, after a claim of a queue whose messages can die.</summary>
    public void Expire(QueueAddress queue)
    {
        if (expired.TryGet(queue.Partition, out var last) && context.Time.GetElapsedTime(last) < ExpireInterval)
            return;
        expired.Set(queue.Partition, context.Time.GetTimestamp());
        Start(queue, "expire", () => sweeper.ExpireAsync(queue, () => IsStopping, CancellationToken.None));
    }

    /// <summary>Whether the process is about to stop.</summary>
    public bool IsStopping => stopping.IsCancellationRequested;

    /// <summary>Starts a run of a kind, unless one is under way in that queue.</summary>
    public void Start(QueueAddress queue, string work, Func<Task> run)
    {
        if (IsStopping || !running.TryAdd((queue.Partition, work), true))
            return;
        // The run belongs to no request, so it does not use the span of the request that started it.
        using (ExecutionContext.SuppressFlow())
            _ = RunAsync(queue, work, run);
    }

    private async Task RunAsync(QueueAddress queue, string work, Func<Task> run)
    {
        try
        {
            await Task.Yield();
            await run();
        }
        catch (Exception e)
        {
            context.Logger.BackgroundFailed(e.Message);
        }
        finally
        {
            running.TryRemove((queue.Partition, work), out _);
        }
    }
}

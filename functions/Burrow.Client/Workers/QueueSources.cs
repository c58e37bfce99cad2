namespace Burrow.Client.Workers;

/// <summary>Where a worker's messages come from.</summary>
internal interface IQueueSource<T>
{
    /// <summary>Claims messages.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="hide">For how long.</param>
    /// <param name="wait">How long to wait if there is none.</param>
    /// <param name="stoppingToken">Ends pauses, and no request begins after it; but it ends none.</param>
    /// <param name="cancellationToken">Ends a request, whose messages come back when their time is up.</param>
    Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(
        int limit, TimeSpan hide, TimeSpan wait, CancellationToken stoppingToken, CancellationToken cancellationToken);
}

/// <summary>One queue.</summary>
internal sealed class OneQueue<T>(BurrowQueue<T> queue) : IQueueSource<T>
{
    public Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(
        int limit, TimeSpan hide, TimeSpan wait, CancellationToken stoppingToken, CancellationToken cancellationToken) =>
        queue.ClaimAsync(limit, hide, wait, cancellationToken);
}

/// <summary>
/// All queues that begin alike, in turns. A request can't wait for several queues, so these are asked at most once a second when they
/// are empty. Empty queues cost nothing: the list of queues doesn't have them.
/// </summary>
internal sealed class ManyQueues<T>(BurrowAccount account, string beginning, BodyFormat<T> format) : IQueueSource<T>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Queue<string> turns = new();

    /// <summary>Whether a queue of this round had messages.</summary>
    private bool isBusy = true;

    public async Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(
        int limit, TimeSpan hide, TimeSpan wait, CancellationToken stoppingToken, CancellationToken cancellationToken)
    {
        if (turns.Count == 0)
        {
            if (!isBusy)
                await WaitAsync(wait < Pause ? wait : Pause, stoppingToken).ConfigureAwait(false);
            isBusy = false;
            await foreach (var name in account.QueuesAsync(beginning, cancellationToken).ConfigureAwait(false))
                turns.Enqueue(name);
        }

        while (!stoppingToken.IsCancellationRequested && turns.TryDequeue(out var name))
        {
            // Of each queue a share, so that one that is full leaves hands for the others. What is claimed is handled at once: a message
            // that waits while other queues are asked would lose its claim.
            var share = Math.Max(1, limit / (turns.Count + 1));
            var claimed = await account.Of(name, format).ClaimAsync(share, hide, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            if (claimed.Count == 0)
                continue;
            isBusy = true;
            return claimed;
        }

        return [];
    }

    private async Task WaitAsync(TimeSpan time, CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(time, account.Time, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }
    }
}

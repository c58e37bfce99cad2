namespace Burrow.Client.Workers;

/// <summary>Where a worker's messages come from.</summary>
internal interface IQueueSource<T>
{
    /// <summary>Claims messages.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="hide">For how long.</param>
    /// <param name="wait">How long to wait if there is none.</param>
    /// <param name="stoppingToken">Ends pauses, but no request.</param>
    Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(int limit, TimeSpan hide, TimeSpan wait, CancellationToken stoppingToken);
}

/// <summary>One queue.</summary>
internal sealed class OneQueue<T>(BurrowQueue<T> queue) : IQueueSource<T>
{
    public Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(int limit, TimeSpan hide, TimeSpan wait, CancellationToken stoppingToken) =>
        queue.ClaimAsync(limit, hide, wait, CancellationToken.None);
}

/// <summary>
/// All queues that begin alike, in turns. A request can't wait for several queues, so these are asked at most once a second when they
/// are empty. Empty queues cost nothing: the list of queues doesn't have them.
/// </summary>
internal sealed class ManyQueues<T>(BurrowAccount account, string beginning, BodyFormat<T> format) : IQueueSource<T>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Queue<string> turns = new();

    public async Task<IReadOnlyList<ClaimedMessage<T>>> ClaimAsync(
        int limit, TimeSpan hide, TimeSpan wait, CancellationToken stoppingToken)
    {
        if (turns.Count == 0)
        {
            await foreach (var name in account.QueuesAsync(CancellationToken.None).ConfigureAwait(false))
            {
                if (name.StartsWith(beginning, StringComparison.Ordinal))
                    turns.Enqueue(name);
            }
        }

        // Of each queue a share, so that one that is full leaves hands for the others.
        var claimed = new List<ClaimedMessage<T>>();
        while (claimed.Count < limit && turns.TryDequeue(out var name))
        {
            var share = Math.Max(1, (limit - claimed.Count) / (turns.Count + 1));
            var queue = account.Of(name, format);
            claimed.AddRange(await queue.ClaimAsync(share, hide, TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false));
        }

        if (claimed.Count > 0 || turns.Count > 0)
            return claimed;
        try
        {
            await Task.Delay(wait < Pause ? wait : Pause, account.Time, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The program stops.
        }

        return [];
    }
}

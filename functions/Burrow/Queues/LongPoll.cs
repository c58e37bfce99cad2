using System.Collections.Concurrent;
using Burrow.Queues.Rows;
using Burrow.Queues.Waiting;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues;

/// <summary>
/// Lets a request wait until a queue has a message that matches. Puts and releases of this process wake it at once. The queue's poller
/// wakes it for those of other processes.
/// </summary>
internal sealed class LongPoll(QueueContext context, QueueStates states, CancellationToken stopping)
{
    private readonly ConcurrentDictionary<(AccountName Account, string? Key), int> waiting = new();

    /// <summary>
    /// Repeats an attempt until something matches, the time is up, the wait is ended, the client disconnects or the process stops.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="wait">The longest time to wait, and how many requests of the account may wait.</param>
    /// <param name="attempt">Makes one attempt. An empty list means that nothing matches.</param>
    /// <param name="cancellationToken">Cancelled when the client disconnects.</param>
    /// <exception cref="TooManyRequestsException">The account has too many waiting requests.</exception>
    public Task<MessageList> WaitAsync(
        QueueAddress queue, WaitOptions wait, Func<Task<MessageList>> attempt, CancellationToken cancellationToken) =>
        WaitAsync(queue, wait, attempt, list => list.Count > 0, cancellationToken);

    /// <summary>Repeats an attempt in the same way until its result is what the request waits for.</summary>
    /// <inheritdoc cref="WaitAsync(QueueAddress, WaitOptions, Func{Task{MessageList}}, CancellationToken)"/>
    public async Task<T> WaitAsync<T>(
        QueueAddress queue, WaitOptions wait, Func<Task<T>> attempt, Func<T, bool> isDone, CancellationToken cancellationToken)
    {
        if (wait.MaxTime <= TimeSpan.Zero)
            return await attempt();
        var state = states.Of(queue);
        return await WaitAsync(queue, wait, state.Changed, state.Poller.Enter, null, attempt, isDone, cancellationToken);
    }

    /// <summary>
    /// Repeats an attempt until its result is what the request waits for: when the signal is set, and after pauses, because another process
    /// may have changed it.
    /// </summary>
    public Task<T> WaitAsync<T>(
        QueueAddress queue,
        WaitOptions wait,
        ChangeSignal changed,
        Backoff pauses,
        Func<Task<T>> attempt,
        Func<T, bool> isDone,
        CancellationToken cancellationToken) =>
        WaitAsync(queue, wait, changed, () => null, pauses, attempt, isDone, cancellationToken);

    private async Task<T> WaitAsync<T>(
        QueueAddress queue,
        WaitOptions wait,
        ChangeSignal changed,
        Func<IDisposable?> poll,
        Backoff? pauses,
        Func<Task<T>> attempt,
        Func<T, bool> isDone,
        CancellationToken cancellationToken)
    {
        var maxTime = wait.MaxTime < context.Options.MaxWaitTime ? wait.MaxTime : context.Options.MaxWaitTime;
        if (maxTime <= TimeSpan.Zero)
            return await attempt();
        var begun = context.Time.GetTimestamp();
        // Read before the attempt, so that a change during the attempt is not missed.
        var seen = changed.Version;
        var result = await attempt();
        if (isDone(result))
            return result;
        Enter(queue.Account, wait);
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping, wait.Ended);
            using var polling = poll();
            for (var tries = 0; !isDone(result) && !ended.IsCancellationRequested; tries++)
            {
                wait.Request?.Pause();
                var left = maxTime - context.Time.GetElapsedTime(begun);
                if (left <= TimeSpan.Zero)
                    break;
                var pause = pauses?.Delay(tries, context.Random) ?? left;
                await changed.WaitAsync(seen, pause < left ? pause : left, context.Time, ended.Token);
                cancellationToken.ThrowIfCancellationRequested();
                var version = changed.Version;
                // Without a poll that sets the signal, the request looks after each pause, and once more when its time is up.
                if ((version == seen && pauses is null) || ended.IsCancellationRequested)
                    continue;
                seen = version;
                if (wait.Request is { } request && !await request.ResumeAsync())
                    continue;
                result = await attempt();
            }

            return result;
        }
        finally
        {
            Leave(queue.Account, wait);
        }
    }

    private void Enter(AccountName account, WaitOptions wait)
    {
        Instruments.Waiters.Add(1);
        if (wait.Share is { } share && Count((account, share.Key), 1) > share.MaxWaiting)
        {
            Count((account, share.Key), -1);
            Instruments.Waiters.Add(-1);
            throw TooManyRequestsException.Waiting(share.MaxWaiting);
        }

        if (Count((account, null), 1) <= wait.MaxWaiting)
            return;
        Leave(account, wait);
        throw TooManyRequestsException.Waiting(wait.MaxWaiting);
    }

    private void Leave(AccountName account, WaitOptions wait)
    {
        Instruments.Waiters.Add(-1);
        Count((account, null), -1);
        if (wait.Share is { } share)
            Count((account, share.Key), -1);
    }

    /// <returns>How many requests of the account, or of a key of it, wait now.</returns>
    private int Count((AccountName Account, string? Key) of, int more)
    {
        var count = waiting.AddOrUpdate(of, more, (_, count) => count + more);
        if (count == 0)
            waiting.TryRemove(KeyValuePair.Create(of, 0));
        return count;
    }
}

using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Waiting;

/// <summary>
/// Polls storage while requests of this process wait for a change of a queue, and wakes them. All of them share two polls. One notices
/// that the head has changed, because another process puts. The other wakes them when the next hidden message is due, and once a second
/// for all other changes. Changes that this process makes wake them without a poll.
/// </summary>
internal sealed class QueuePoller(QueueContext context, QueueAddress queue, ChangeSignal changed)
{
    private static readonly Backoff PollInterval = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));

    /// <summary>How often the waiting requests look at storage. Other processes release messages without a change of the head.</summary>
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private int count;
    private CancellationTokenSource? polling;

    public bool IsIdle
    {
        get
        {
            lock (gate)
                return count == 0;
        }
    }

    /// <summary>Adds a waiting request. The polls run until the result is disposed.</summary>
    public IDisposable Enter()
    {
        lock (gate)
        {
            if (count++ == 0)
            {
                polling = new CancellationTokenSource();
                // The polls work for all waiting requests, so they do not run under the first request's span.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = KeepAsync(PollHeadAsync, polling.Token);
                    _ = KeepAsync(PollDueAsync, polling.Token);
                }
            }
        }

        return new Waiter(this);
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--count > 0)
                return;
            polling!.Cancel();
            polling = null;
        }
    }

    /// <summary>Polls until the last waiting request has left, even if storage fails.</summary>
    private async Task KeepAsync(Func<CancellationToken, Task> poll, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await poll(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                // The last waiting request has left.
            }
            catch (Exception e)
            {
                // Each poll starts with a delay, so a new start causes no busy loop.
                context.Logger.BackgroundFailed(e.Message);
            }
        }
    }

    /// <summary>Finds out when another process puts.</summary>
    private async Task PollHeadAsync(CancellationToken cancellationToken)
    {
        var etag = "";
        for (var tries = 0; ; tries++)
        {
            await Task.Delay(PollInterval.Delay(tries, context.Random), context.Time, cancellationToken);
            var row = await context.Messages.GetAsync(queue.Partition, QueueKeys.Head, cancellationToken);
            if (row?.ETag == etag)
                continue;
            (tries, etag) = (0, row?.ETag);
            changed.Set();
        }
    }

    /// <summary>
    /// Wakes the waiting requests when the next hidden message is due, and once a second for all other changes. A hide lasts at least a
    /// second, so the poll sees every message before it is due.
    /// </summary>
    private async Task PollDueAsync(CancellationToken cancellationToken)
    {
        var next = Repeat;
        while (true)
        {
            await Task.Delay(next, context.Time, cancellationToken);
            changed.Set();
            var now = context.Now;
            var due = await NextDueAsync(now, cancellationToken);
            // Timers count whole milliseconds, and a timer that fires too early finds nothing.
            next = due is { } instant && instant < now + Repeat.Ticks
                ? TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(instant - now).TotalMilliseconds) + 1)
                : Repeat;
        }
    }

    /// <summary>The time when the first message that is still hidden becomes visible, if it is before the next look; else null.</summary>
    private async Task<long?> NextDueAsync(long now, CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.HiddenDueBefore(now), QueueKeys.HiddenDueBefore(now + Repeat.Ticks))
        {
            Top = 1,
            Select = [MessageColumns.ExpiresAt],
        };
        var page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
        return page.Rows.Count > 0 ? QueueKeys.VisibleAtOf(page.Rows[0].Key) : null;
    }

    private sealed class Waiter(QueuePoller poller) : IDisposable
    {
        public void Dispose() => poller.Leave();
    }
}

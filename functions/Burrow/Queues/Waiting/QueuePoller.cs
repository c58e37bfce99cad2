using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Waiting;

/// <summary>
/// Those of this process who wait for something on a queue. They are woken by what this process does, and by pollers for all of
/// them together: when the head changes as another process puts, when the next hidden message is due, and once a second for
/// all else.
/// </summary>
internal sealed class QueuePoller(QueueContext context, QueueAddress queue, ChangeSignal changed)
{
    private static readonly Backoff PollInterval = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(500));

    /// <summary>How often those who wait look for themselves: what others release changes no head.</summary>
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

    /// <summary>Until disposed of, the pollers run.</summary>
    public IDisposable Enter()
    {
        lock (gate)
        {
            if (count++ == 0)
            {
                polling = new CancellationTokenSource();
                // For all who wait, so not under the request that happened to be first.
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

    /// <summary>Polls until the last one has left, whatever storage does.</summary>
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
                // The last one left.
            }
            catch (Exception e)
            {
                // It begins with a delay when it is begun again.
                context.Logger.BackgroundFailed(e.Message);
            }
        }
    }

    /// <summary>Sees what other processes put.</summary>
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
    /// Wakes when the next hidden message is due, and once a second for all else. A hide lasts a second at least, so none
    /// becomes due that wasn't seen.
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
            // Timers count whole milliseconds, and one too early finds nothing.
            next = due is { } instant && instant < now + Repeat.Ticks
                ? TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(instant - now).TotalMilliseconds) + 1)
                : Repeat;
        }
    }

    /// <summary>When the first message that is still hidden becomes visible, if that is before the next look.</summary>
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

    private sealed class Waiter(QueuePoller waiters) : IDisposable
    {
        public void Dispose() => waiters.Leave();
    }
}

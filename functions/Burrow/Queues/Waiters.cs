using Burrow.Tables;

namespace Burrow.Queues;

/// <summary>
/// Those of this process who wait for something on a queue. They are woken by what this process does; by one poller for all
/// of them, which sees the head change when another process puts; by the instant at which the next hidden message is due; and
/// at least once a second, for all else.
/// </summary>
internal sealed class Waiters(QueueContext context, QueueAddress queue, Signal changed)
{
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMilliseconds(500);
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

    /// <summary>Until disposed of, the poller runs.</summary>
    public IDisposable Enter()
    {
        lock (gate)
        {
            if (count++ == 0)
            {
                polling = new CancellationTokenSource();
                _ = PollAsync(polling.Token);
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

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        var (tries, etag, repeated) = (0, "", long.MinValue);
        try
        {
            while (true)
            {
                await Task.Delay(Backoff.Next(tries++, FirstPoll, LongestPoll, context.Random), context.Time, cancellationToken);
                var now = context.Now;
                if (now - Repeat.Ticks >= repeated)
                {
                    repeated = now;
                    changed.Set();
                    _ = WakeAsync(await NextDueAsync(now, cancellationToken), cancellationToken);
                }

                var row = await context.Messages.GetAsync(queue.Partition, QueueKeys.Head, cancellationToken);
                if (row?.ETag == etag)
                    continue;
                (tries, etag) = (0, row?.ETag);
                changed.Set();
            }
        }
        catch (OperationCanceledException)
        {
            // The last one left.
        }
        catch (Exception e)
        {
            // Those who wait still look once they are woken by this process, and at the end of their time.
            context.Logger.BackgroundFailed(e.Message);
            lock (gate)
            {
                if (polling?.Token == cancellationToken)
                    _ = PollAsync(cancellationToken);
            }
        }
    }

    /// <summary>When the first message that is still hidden becomes visible, if that is before the next look.</summary>
    private async Task<long?> NextDueAsync(long now, CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.HiddenDueBefore(now), QueueKeys.HiddenDueBefore(now + 2 * Repeat.Ticks))
        {
            Top = 1,
            Select = [MessageState.ExpiresColumn],
        };
        var page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
        return page.Rows.Count > 0 ? QueueKeys.VisibleAtOf(page.Rows[0].Key) : null;
    }

    private async Task WakeAsync(long? instant, CancellationToken cancellationToken)
    {
        if (instant is not { } due)
            return;
        try
        {
            await Task.Delay(TimeSpan.FromTicks(Math.Max(0, due - context.Now)), context.Time, cancellationToken);
            changed.Set();
        }
        catch (OperationCanceledException)
        {
            // The last one left.
        }
    }

    private sealed class Waiter(Waiters waiters) : IDisposable
    {
        public void Dispose() => waiters.Leave();
    }
}

using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Putting;

/// <summary>How many new messages a queue may still hold, where its policy bounds them.</summary>
/// <param name="context">The tables and the clock.</param>
/// <param name="counts">How many messages the queue holds, those too that expired and that no process has removed.</param>
/// <param name="queue">The queue.</param>
/// <param name="someMayHaveExpired">Has what expired removed, in the background.</param>
internal sealed class QueueRoom(QueueContext context, ProcessCounts counts, QueueAddress queue, Action someMayHaveExpired)
{
    /// <summary>How many messages are read at most to see whether they expired.</summary>
    private const int MaxExpired = 200;

    /// <summary>
    /// How many more messages the queue may hold; null: any number. Where the counts leave less room than wanted, it looks for messages
    /// that expired: up to <see cref="MaxExpired"/> of them make room at once.
    /// </summary>
    public async Task<long?> LeftAsync(QueuePolicy policy, int wanted)
    {
        if (policy.MaxMessages == 0)
            return null;
        var left = policy.MaxMessages - (await counts.UsageAsync(queue)).InQueue;
        if (left >= wanted)
            return left;
        someMayHaveExpired();
        return left + await CountExpiredAsync();
    }

    private async Task<int> CountExpiredAsync()
    {
        var query = new RowQuery(QueueKeys.ExpiryFrom, QueueKeys.ExpiredBefore(context.Now)) { Top = MaxExpired };
        var (expiries, _) = await context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
        var rows = await Task.WhenAll(expiries.Select(expiry => context.Messages.GetAsync(
            queue.Partition, QueueKeys.Index(new(expiry.Columns.GetString(MessageColumns.Id)!)), CancellationToken.None)));
        // A message that died by time is in the same line. It is still there.
        return expiries.Zip(rows).Count(pair => pair.Second is { } row
            && MessageState.From(row.Columns) is var state
            && state.ExpiryKey == pair.First.Key
            && state.LifeAt(context.Now) == MessageLife.None);
    }
}

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
    /// <summary>
    /// How many more messages the queue may hold; null: any number. Where the counts leave less room than wanted, it looks for messages
    /// that expired, with one request: the first <see cref="TableLimits.PageRows"/> of them make room at once.
    /// </summary>
    public async Task<long?> LeftAsync(QueuePolicy policy, int wanted)
    {
        if (policy.MaxMessages == 0)
            return null;
        var left = policy.MaxMessages - (await counts.UsageAsync(queue)).InQueue;
        if (left >= wanted)
            return left;
        someMayHaveExpired();
        var now = context.Now;
        var query = new RowQuery(QueueKeys.ExpiryFrom, QueueKeys.ExpiredBefore(now))
        {
            Top = TableLimits.PageRows,
            Select = [MessageColumns.GoneAt],
        };
        var page = await context.Messages.QueryAsync(queue.Partition, query, CancellationToken.None);
        // A message that died by time is among them, and is kept for longer.
        return left + page.Rows.Count(row => row.Columns.GetInteger(MessageColumns.GoneAt) <= now);
    }
}

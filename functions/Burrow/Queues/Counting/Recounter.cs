using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;

namespace Burrow.Queues.Counting;

/// <summary>
/// Counts the messages of a queue that the timer visits, and corrects its row. A longer queue is counted less often: one page of rows a
/// minute on average. A queue longer than <see cref="MaxPages"/> is not counted. After a correction the queue is counted once more:
/// other processes add later what they had not written at the time of the count.
/// </summary>
internal sealed class Recounter(QueueContext context, DueTable due, CountTable table, ProcessCounts process)
{
    /// <summary>Pages read at most.</summary>
    private const int MaxPages = 20;

    /// <param name="queue">The queue.</param>
    /// <param name="isChanged">Whether the queue may have been changed since it was counted last.</param>
    /// <param name="isTimeUp">Whether the count must end.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task RecountAsync(QueueAddress queue, bool isChanged, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var now = context.Now;
        var row = await table.GetAsync(queue, cancellationToken);
        if (row is not null && now < row.NextRecount)
        {
            // This may be the last visit for long, and what brought it may have changed the counts.
            if (isChanged)
                await due.ScheduleRecountAsync(queue, row.NextRecount, cancellationToken);
            return;
        }

        // The count includes what this process has not written. That stays pending until the row is written.
        var account = process.Find(queue.Account);
        var pending = account?.BeginCorrection(queue.Queue) ?? QueueCounts.None;
        pending = QueueCounts.None with { Messages = pending.Messages, Bytes = pending.Bytes, Dead = pending.Dead };
        var isWritten = false;
        try
        {
            isWritten = await CorrectAsync(queue, row, now, isTimeUp, cancellationToken);
        }
        finally
        {
            account?.EndCorrection(queue.Queue, isWritten ? pending : QueueCounts.None);
        }
    }

    /// <summary>Counts, and corrects the row if it differs.</summary>
    /// <returns>Whether the row now says what was counted.</returns>
    private async Task<bool> CorrectAsync(
        QueueAddress queue, CountRow? row, long now, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var before = row?.Counts ?? QueueCounts.None;
        if (await CountAsync(queue, isTimeUp, cancellationToken) is not var (stored, pages, isComplete))
            return false;
        var counted = isComplete ? before with { Messages = stored.Messages, Bytes = stored.Bytes, Dead = stored.Dead } : before;
        // A row that says nothing is not made: no visit would come to remove it.
        if (counted == before && (pages == 1 || row is null))
            return isComplete;

        if (counted != before)
            await due.ScheduleRecountAsync(queue, now + ((pages + 1) * TimeSpan.TicksPerMinute), cancellationToken);
        var nextRecount = pages == 1 ? 0 : now + (pages * TimeSpan.TicksPerMinute);
        return await table.CorrectAsync(queue, row, counted, nextRecount, cancellationToken) && isComplete;
    }

    /// <summary>Counts the rows by id.</summary>
    /// <returns>Messages, bytes and dead messages, pages read, and whether these were all pages. Null if the time was up.</returns>
    private async Task<(QueueCounts Stored, int Pages, bool IsComplete)?> CountAsync(
        QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var (stored, pages, isComplete) = (QueueCounts.None, 0, false);
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Select = [MessageColumns.State] };
        if (isTimeUp())
            return null;
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            pages++;
            foreach (var text in page.Rows.Select(row => StateText.Of(row.Columns)))
            {
                stored = stored with
                {
                    Messages = stored.Messages + 1,
                    Bytes = stored.Bytes + text.Length,
                    Dead = stored.Dead + (text.DiedAt == 0 ? 0 : 1),
                };
            }

            isComplete = page.Continuation is null;
            if (pages == MaxPages)
                break;
            if (!isComplete && isTimeUp())
                return null;
        }

        return (stored, pages, isComplete);
    }
}

using Burrow.Queues.Changing;
using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;
using Burrow.Telemetry;

namespace Burrow.Queues.Sweeping;

/// <summary>
/// The timer's work. It counts queues again, removes expired messages, buries those that died by time, moves messages whose hide has ended
/// into the visible line, removes empty queues from the directory, and sees that events are published and outboxes sent. No answer about
/// messages depends on it: every read ignores expired messages and finds due ones. So it waits until a message is due by the clock of
/// every process, may stop at any point, and may run twice at once.
/// </summary>
internal sealed class QueueSweeper(
    QueueContext context,
    DueTable due,
    QueueRegistry registry,
    Transactions transactions,
    Burial burial,
    Recounter recounter,
    IEventOutbox outbox,
    IRelayOutbox relays)
{
    /// <summary>How many queues are visited at a time.</summary>
    private const int MaxParallelism = 8;

    /// <summary>How many messages of one queue are moved or removed at a time.</summary>
    private const int BatchSize = 200;

    /// <summary>How many rows that are no messages, results among them, are removed at a time.</summary>
    private const int MaxForgotten = 32;

    /// <summary>Visits every queue that is due, until none is left or the time is up. The next run continues with the rest.</summary>
    public async Task RunAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var (begun, now) = (context.Time.GetTimestamp(), context.Now);
        bool IsTimeUp() => context.Time.GetElapsedTime(begun) > time || cancellationToken.IsCancellationRequested;
        // Begin at a random partition. Otherwise, a run that has time for only some partitions would always visit the same ones.
        var first = context.Random.Next(DueTable.Partitions);
        for (var i = 0; i < DueTable.Partitions && !IsTimeUp(); i++)
        {
            await foreach (var rows in due.ReadAsync((first + i) % DueTable.Partitions, cancellationToken))
            {
                foreach (var queues in rows.GroupBy(row => row.Queue.Partition).Chunk(MaxParallelism))
                {
                    if (IsTimeUp())
                        return;
                    await Task.WhenAll(queues.Select(queue => VisitAsync([.. queue], now, IsTimeUp, cancellationToken)));
                }

                if (IsTimeUp())
                    return;
            }
        }
    }

    /// <summary>Moves the due messages of one queue into its visible line, oldest first.</summary>
    /// <returns>Whether no due message is left.</returns>
    public Task<bool> PromoteAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var now = context.Now;
        var query = new RowQuery(QueueKeys.HiddenFrom, QueueKeys.HiddenDueBefore(now - QueueLimits.ClockSkew.Ticks))
        {
            Top = BatchSize,
            Above = (MessageColumns.ExpiresAt, now),
        };
        return ChangeAsync(queue, query, PromotedAsync, isTimeUp, cancellationToken);

        static Task<IReadOnlyList<MessageWrite>> PromotedAsync(IReadOnlyList<Row> rows) => Task.FromResult<IReadOnlyList<MessageWrite>>(
            [.. rows.Select(MessageRow.From).Select(line => MessageWrite.Update(line, line.State with { VisibleAt = 0 }))]);
    }

    private async Task VisitAsync(IReadOnlyList<DueRow> rows, long now, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var queue = rows[0].Queue;
        try
        {
            if (rows[0].IsForPreparing)
            {
                if (await relays.PrepareAsync(queue.Account, cancellationToken))
                    await RemoveAsync();
                return;
            }

            await RecountAsync(queue, rows.Any(row => !row.IsForRecount), isTimeUp, cancellationToken);
            var again = await relays.DrainAsync(queue, cancellationToken);
            var tidy = await ExpireAsync(queue, isTimeUp, cancellationToken)
                && await PromoteAsync(queue, isTimeUp, cancellationToken)
                && await registry.CloseAsync(queue, cancellationToken);
            // This is the last step, because it waits for Event Grid.
            if (!await outbox.DrainAsync(queue, isTimeUp, cancellationToken) || !tidy)
                return;
            // One visit to come in the stead of these: while another deployment is away, the rows of each minute would pile up.
            if (again is { } pause)
                await due.ScheduleAsync(queue, [context.Now + pause.Ticks], cancellationToken);
            await RemoveAsync();
        }
        catch (Exception e) when (e is TableUnavailableException or UnavailableException)
        {
            // The queue's rows stay, so the next run visits the queue again.
            Instruments.SweepFailures.Add(1);
            context.Logger.SweepFailed(e.Message);
        }

        async Task RemoveAsync()
        {
            foreach (var row in rows)
                await due.RemoveAsync(row, now, cancellationToken);
        }
    }

    /// <summary>A failure here is only logged: no caller waits for the counts, and no other work depends on them.</summary>
    private async Task RecountAsync(QueueAddress queue, bool isChanged, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        try
        {
            await recounter.RecountAsync(queue, isChanged, isTimeUp, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            context.Logger.BackgroundFailed(e.Message);
        }
    }

    /// <summary>Removes what expired, and buries what died by time.</summary>
    /// <returns>Whether none is left.</returns>
    public async Task<bool> ExpireAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken)
    {
        var areForgotten = true;
        var query = new RowQuery(
            QueueKeys.ExpiryFrom, QueueKeys.ExpiredBefore(context.Now - QueueLimits.ClockSkew.Ticks))
        {
            Top = BatchSize,
        };
        return await ChangeAsync(queue, query, RemovedAsync, isTimeUp, cancellationToken) && areForgotten;

        async Task<IReadOnlyList<MessageWrite>> RemovedAsync(IReadOnlyList<Row> all)
        {
            var others = all.Where(row => row.Columns.GetString(MessageColumns.Of) is not null).ToList();
            foreach (var some in others.Chunk(MaxForgotten))
            {
                var forgotten = await Task.WhenAll(
                    some.Select(other => ExpiringRow.ForgetAsync(context, queue, other, cancellationToken)));
                areForgotten &= Array.TrueForAll(forgotten, one => one);
            }

            var rows = others.Count == 0 ? all : [.. all.Except(others)];
            var found = await Task.WhenAll(rows.Select(row =>
                context.Messages.GetAsync(
                    queue.Partition, QueueKeys.Index(new(row.Columns.GetString(MessageColumns.Id)!)), cancellationToken)));
            var writes = await Task.WhenAll(rows.Zip(found, WriteOfAsync));
            return [.. writes.OfType<MessageWrite>()];
        }

        // The row by id is read after the expiry row. Meanwhile the message may have got a later expiry, or was put again.
        async Task<MessageWrite?> WriteOfAsync(Row expiry, Row? index) =>
            index is null || MessageState.From(index.Columns) is not { } state || state.ExpiryKey != expiry.Key
                ? null
                : await burial.WriteOfEndAsync(queue, state, index.ETag, cancellationToken);
    }

    /// <summary>
    /// Makes the changes that the rows of a range need, page by page. If another process was faster, there is no change to make.
    /// </summary>
    /// <returns>Whether no row is left that needs a change.</returns>
    private async Task<bool> ChangeAsync(
        QueueAddress queue,
        RowQuery query,
        Func<IReadOnlyList<Row>, Task<IReadOnlyList<MessageWrite>>> changes,
        Func<bool> isTimeUp,
        CancellationToken cancellationToken)
    {
        var (isAllDone, isLastPage) = (true, false);
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            var writes = await changes(page.Rows);
            var outcomes = await transactions.CommitAllAsync(queue, writes, cancellationToken);
            isAllDone &= outcomes.All(outcome => outcome == CommitOutcome.Done);
            isLastPage = page.Continuation is null;
            if (isTimeUp())
                break;
        }

        return isAllDone && isLastPage;
    }
}

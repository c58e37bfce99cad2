using Burrow.Queues.Rows;
using Burrow.Queues.Scheduling;
using Burrow.Tables;

namespace Burrow.Queues.Readers;

/// <summary>
/// The readers of queues: cursors that the server keeps. A reader that is not used for <see cref="ReaderLimits.Kept"/> is forgotten. A
/// use is noted once a day.
/// </summary>
public sealed class QueueReaders
{
    private readonly QueueContext context;
    private readonly DueTable due;

    internal QueueReaders(QueueContext context, DueTable due) => (this.context, this.due) = (context, due);

    /// <summary>Makes a reader, or moves its cursor.</summary>
    /// <returns>The reader, and whether it is new.</returns>
    /// <exception cref="PreconditionFailedException">The precondition does not hold. Nothing was changed.</exception>
    /// <exception cref="QuotaExceededException">The queue has <see cref="ReaderLimits.Readers"/> already.</exception>
    public async Task<(ReaderCursor Reader, bool IsNew)> PutAsync(
        QueueAddress queue, ReaderName name, Sequence after, Precondition precondition, CancellationToken cancellationToken)
    {
        var cursor = new ReaderCursor(name, after, new(Revisions.New(context.Random)), NextExpiry());
        var isNew = false;
        await ChangeAsync(
            queue,
            name,
            async old =>
            {
                // After an attempt of unknown outcome, the row may hold what this request wrote.
                if (old?.Cursor.Receipt == cursor.Receipt)
                    return null;
                var live = IsLive(old) ? old : null;
                if (precondition.Failure(live?.Cursor.Receipt) is { } failure)
                    throw failure;
                if (live is null)
                    await RequireRoomAsync(queue, cancellationToken);
                isNew = live is null;
                return ReaderRow.Put(old, cursor);
            },
            cancellationToken);
        return (cursor, isNew);
    }

    /// <summary>A reader, whose use is noted; null if there is none.</summary>
    public async Task<ReaderCursor?> GetAsync(QueueAddress queue, ReaderName name, CancellationToken cancellationToken)
    {
        if (await ReadAsync(queue, name, cancellationToken) is not { } row || !IsLive(row))
            return null;
        var used = row.Cursor with { Expires = NextExpiry() };
        if (used.Expires == row.Cursor.Expires)
            return used;
        // If another request was first, it noted the use as well, or moved the cursor.
        await SubmitAsync(queue, used.Expires, ReaderRow.Put(row, used), cancellationToken);
        return used;
    }

    /// <summary>The readers of a queue, in the order of their names.</summary>
    public async Task<IReadOnlyList<ReaderCursor>> ListAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var rows = await context.Messages.QueryAllAsync(
            queue.Partition, new(QueueKeys.ReadersFrom, QueueKeys.ReadersBefore), cancellationToken);
        return
        [
            .. rows.Select(ReaderRow.From).Where(IsLive).Select(row => row.Cursor).OrderBy(reader => reader.Name.Value, Name.ByCodePoint),
        ];
    }

    /// <summary>Deletes a reader.</summary>
    /// <returns>The reader as it was; null if there is none.</returns>
    /// <exception cref="PreconditionFailedException">The precondition does not hold. Nothing was changed.</exception>
    public async Task<ReaderCursor?> DeleteAsync(
        QueueAddress queue, ReaderName name, Precondition precondition, CancellationToken cancellationToken)
    {
        ReaderCursor? deleted = null;
        await ChangeAsync(
            queue,
            name,
            async old =>
            {
                if (!IsLive(old))
                    return null;
                if (deleted is null && precondition.Failure(old!.Cursor.Receipt) is { } failure)
                    throw failure;
                deleted ??= old!.Cursor;
                // An empty queue's head is kept as long as there is a reader. The timer looks again.
                await due.ScheduleAsync(queue, [context.Now + TimeSpan.TicksPerMinute], cancellationToken);
                return old!.Remove();
            },
            cancellationToken);
        return deleted;
    }

    /// <summary>The end of a day, so that further uses on the same day change nothing.</summary>
    private DateTimeOffset NextExpiry() =>
        new(context.Time.GetUtcNow().UtcDateTime.Date + ReaderLimits.Kept + TimeSpan.FromDays(1), TimeSpan.Zero);

    private bool IsLive(ReaderRow? row) => row is not null && row.Cursor.Expires.UtcTicks > context.Now;

    private async Task<ReaderRow?> ReadAsync(QueueAddress queue, ReaderName name, CancellationToken cancellationToken) =>
        await context.Messages.GetAsync(queue.Partition, QueueKeys.Reader(name), cancellationToken) is { } row ? ReaderRow.From(row) : null;

    private async Task RequireRoomAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var (rows, more) = await context.Messages.QueryFirstAsync(
            queue.Partition,
            new(QueueKeys.ReadersFrom, QueueKeys.ReadersBefore) { Top = ReaderLimits.Readers, Select = [MessageColumns.ExpiresAt] },
            cancellationToken);
        if (more || rows.Count >= ReaderLimits.Readers)
            throw new QuotaExceededException($"A queue has at most {ReaderLimits.Readers} readers. Nothing was stored.");
    }

    /// <summary>Changes a reader's row. If another request is faster, it reads the row and tries again.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="name">The reader.</param>
    /// <param name="change">What to do with the row; null: nothing is left to do.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    private async Task ChangeAsync(
        QueueAddress queue,
        ReaderName name,
        Func<ReaderRow?, Task<IReadOnlyList<Operation>?>> change,
        CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            if (await change(await ReadAsync(queue, name, cancellationToken)) is not { } operations
                || await SubmitAsync(queue, NextExpiry(), operations, cancellationToken))
            {
                return;
            }

            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    private async Task<bool> SubmitAsync(
        QueueAddress queue, DateTimeOffset expires, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        await due.ScheduleAsync(queue, [expires.UtcTicks], cancellationToken);
        return (await context.Messages.SubmitAsync(queue.Partition, operations, cancellationToken)).Committed;
    }
}

using Burrow.Queues.Rows;

namespace Burrow.Queues.Results;

/// <summary>What became of messages whose producers want to know (docs/design/results.md).</summary>
internal sealed class QueueResults(QueueContext context)
{
    private const int MaxTries = 20;

    /// <summary>The result of a message as it is now; null: there is none, or it is kept no longer.</summary>
    public async Task<MessageResult?> GetAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            if (await ReadAsync(queue, id, cancellationToken) is not { } row || row.ExpiresAt <= context.Now)
                return null;
            if (row.Result.State != ResultState.Running)
                return row.Result;
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is { } index)
                return await AsOfNowAsync(queue, row.Result, MessageState.From(index.Columns), cancellationToken);
            // The message has ended since the row was read.
            if (tries == MaxTries)
                throw new UnavailableException("The message ends and is put again faster than its result can be read.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>Leaves progress of a message that a worker has claimed.</summary>
    /// <returns>The receipt of the progress; null if there is no message.</returns>
    /// <exception cref="PreconditionFailedException">The worker's receipt is not that of the message. Nothing was changed.</exception>
    /// <exception cref="InvalidRequestException">The message was put without a result. Nothing was changed.</exception>
    public async Task<Receipt?> PutProgressAsync(
        QueueAddress queue, MessageId id, ResultBody left, Precondition precondition, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            // The row of the result is read before the message: if the message ends in between, its row changes.
            var row = await ReadAsync(queue, id, cancellationToken);
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is not { } index
                || MessageState.From(index.Columns) is not { } state
                || !state.IsLive(context.Now))
            {
                return null;
            }

            if (precondition.Failure(new(state.Revisions.Latest)) is { } failure)
                throw failure;
            if (state.ResultKept is null)
                throw new InvalidRequestException("result", "The message was put without result, so it takes no progress.");
            if (row?.Result.State == ResultState.Running)
            {
                var write = row.Progress(id, left, context.Random);
                if ((await context.Messages.SubmitAsync(queue.Partition, [write], CancellationToken.None)).Committed)
                    return ResultRow.RevisionOf(write);
            }

            await context.BackOffAsync(tries, cancellationToken);
        }

        throw new UnavailableException("Others change this message or its progress faster than this request could; nothing was left.");
    }

    /// <summary>A message that died or expired by time has ended, though no row says so yet.</summary>
    private async Task<MessageResult> AsOfNowAsync(
        QueueAddress queue, MessageResult running, MessageState state, CancellationToken cancellationToken)
    {
        var now = context.Now;
        if (state.IsLive(now) || state.DiedAt != 0)
            return running;
        var receipt = ResultRow.ReceiptOfEnd(state);
        if (!state.IsUnburied(now))
            return new(ResultState.Expired, ResultBody.Empty, receipt, HasProgress: false);
        var line = await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken);
        var cause = line is null ? null : MessageRow.From(line).Causes.LastOrDefault();
        return new(ResultState.Dead, ResultRow.OfCause(cause), receipt, HasProgress: false);
    }

    private async Task<ResultRow?> ReadAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken) =>
        await context.Messages.GetAsync(queue.Partition, QueueKeys.Result(id), cancellationToken) is { } row ? ResultRow.From(row) : null;
}

using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
namespace Burrow.Queues.Changing;

/// <summary>Requests about one message by its id, hidden or not.</summary>
internal sealed class MessageChanger(QueueContext context, QueueReader walk, Transactions transactions)
{
    /// <summary>The message, or null.</summary>
    public async Task<Message?> GetAsync(QueueAddress queue, MessageId id, Detail detail, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            var line = await walk.ReadAsync(queue, id, cancellationToken);
            if (line is null)
                return null;
            var (body, there) = await BodyAsync(queue, line, detail, cancellationToken);
            if (there)
                return Message.From(line.State, line, body, context.Now);
            if (tries == Limits.MaxStableReadTries)
                throw new UnavailableException("The message is changed by others faster than it can be read.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>
    /// Sets attributes and returns the message as it is then, or (without any, null) deletes it and returns what it was; null if
    /// there is none.
    /// </summary>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    public async Task<Message?> ChangeAsync(
        QueueAddress queue, MessageId id, Attributes? change, Precondition precondition, Detail detail, CancellationToken cancellationToken)
    {
        var begun = context.Time.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            MessageRow? line = null;
            MessageState state;
            string indexETag = "";
            if (change is null && detail == Detail.None)
            {
                // The row by id says all that a deletion needs.
                if (await walk.ReadStateAsync(queue, id, cancellationToken) is not var (found, etag))
                    return null;
                (state, indexETag) = (found, etag);
            }
            else
            {
                line = await walk.ReadAsync(queue, id, cancellationToken);
                if (line is null)
                    return null;
                state = line.State;
            }

            if (precondition.Failure(new Receipt(state.Revisions.Latest)) is { } failure)
                throw failure;
            var (body, there) = line is null ? (null, true) : await BodyAsync(queue, line, detail, cancellationToken);
            if (there)
            {
                var now = context.Now;
                if (change is { IsEmpty: true })
                    return Message.From(state, line, body, now);
                var write = change is { } attributes ? MessageWrite.Update(line!, attributes.ApplyTo(state, delivers: false, now, context.Random))
                    : line is not null ? MessageWrite.Remove(line)
                    : MessageWrite.Remove(state, indexETag);
                var (outcome, _) = await transactions.CommitAsync(queue, [write], cancellationToken);
                if (outcome == CommitOutcome.Done)
                    return Message.From(write.After ?? state, line, body, now);
                if (outcome == CommitOutcome.Unknown)
                    throw new UnavailableException("Storage failed while the message was changed; whether it was can't be told.");
            }

            if (context.Time.GetElapsedTime(begun) > Limits.ConflictTime)
                throw new UnavailableException("Others change this message faster than this request could; it was not changed.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    private async Task<(byte[]? Body, bool There)> BodyAsync(QueueAddress queue, MessageRow line, Detail detail, CancellationToken cancellationToken)
    {
        if (!detail.ShowsBody)
            return (null, true);
        var body = await BodyChunks.ReadAsync(context.Messages, queue.Partition, line, cancellationToken);
        return (body, body is not null);
    }
}

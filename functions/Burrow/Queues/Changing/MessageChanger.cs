using Burrow.Queues.Reading;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Changing;

/// <summary>Updates or deletes one message by its id, hidden or not.</summary>
internal sealed class MessageChanger(QueueContext context, MessageFinder finder, Transactions transactions)
{
    /// <summary>Sets attributes and returns the message as it is afterwards, or deletes the message and returns it as it was.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="id">The message.</param>
    /// <param name="change">The attributes to set; null deletes.</param>
    /// <param name="precondition">The condition on the message's receipt.</param>
    /// <param name="detail">What the answer shows.</param>
    /// <param name="cancellationToken">Ends the request between two transactions.</param>
    /// <returns>Null if there is no message of that id.</returns>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    /// <exception cref="UnavailableException">Storage failed, or others changed the message during every attempt.</exception>
    public async Task<Message?> ChangeAsync(
        QueueAddress queue, MessageId id, Attributes? change, Precondition precondition, Detail detail, CancellationToken cancellationToken)
    {
        var begun = context.Time.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            if (await ReadAsync(queue, id, isPlainDelete: change is null && detail == Detail.None, cancellationToken) is not { } found)
                return null;
            if (precondition.Failure(new Receipt(found.State.Revisions.Latest)) is { } failure)
                throw failure;
            var (isThere, body) = found.Row is { } row
                ? await finder.ReadBodyAsync(queue, row, detail.ShowsBody, cancellationToken)
                : (true, null);
            if (isThere)
            {
                var now = context.Now;
                if (change is { IsEmpty: true })
                    return found.State.ToMessage(found.Row, body, now);
                var write = WriteOf(found, change, now);
                var (outcome, _) = await transactions.CommitAsync(queue, [write], cancellationToken);
                if (outcome == CommitOutcome.Done)
                    return (write.After ?? found.State).ToMessage(found.Row, body, now);
                if (outcome == CommitOutcome.Unknown)
                    throw new UnavailableException("Storage failed while the message was changed; whether it was can't be told.");
            }

            if (context.Time.GetElapsedTime(begun) > QueueLimits.ConflictTime)
                throw new UnavailableException("Others change this message faster than this request could; it was not changed.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>Reads the rows that the change needs. For a delete that shows nothing, the row by id is enough.</summary>
    private async Task<(MessageState State, string IndexETag, MessageRow? Row)?> ReadAsync(
        QueueAddress queue, MessageId id, bool isPlainDelete, CancellationToken cancellationToken)
    {
        if (isPlainDelete)
            return await finder.ReadStateAsync(queue, id, cancellationToken) is var (state, etag) ? (state, etag, null) : null;
        return await finder.ReadRowAsync(queue, id, cancellationToken) is { } row ? (row.State, "", row) : null;
    }

    private MessageWrite WriteOf((MessageState State, string IndexETag, MessageRow? Row) found, Attributes? change, long now)
    {
        if (found.Row is not { } row)
            return MessageWrite.Remove(found.State, found.IndexETag);
        return change is { } attributes
            ? MessageWrite.Update(row, found.State.With(attributes, delivers: false, now, context.Random))
            : MessageWrite.Remove(row);
    }
}

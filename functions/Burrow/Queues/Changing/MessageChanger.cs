using Burrow.Queues.Policies;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Changing;

/// <summary>Changes one message by its id, hidden or not.</summary>
internal sealed class MessageChanger(
    QueueContext context, MessageFinder finder, Transactions transactions, Burial burial, QueuePolicies policies)
{
    /// <summary>Changes a message and returns it as it is afterwards; or removes it and returns it as it was.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="id">The message.</param>
    /// <param name="change">What to do.</param>
    /// <param name="precondition">The condition on the message's receipt.</param>
    /// <param name="detail">What the answer shows.</param>
    /// <param name="cancellationToken">Ends the request between two transactions.</param>
    /// <returns>Null if there is no message of that id that can be changed so.</returns>
    /// <exception cref="PreconditionFailedException">Nothing was changed.</exception>
    /// <exception cref="UnavailableException">Storage failed, or others changed the message during every attempt.</exception>
    public async Task<Message?> ChangeAsync(
        QueueAddress queue,
        MessageId id,
        MessageChange change,
        Precondition precondition,
        Detail detail,
        CancellationToken cancellationToken)
    {
        var begun = context.Time.GetTimestamp();
        var policy = change.NeedsPolicy ? await policies.OfAsync(queue) : QueuePolicy.None;
        var withoutLine = change.NeedsNoLine && detail == Detail.None;
        for (var tries = 0; ; tries++)
        {
            var readAt = context.Now;
            if (await ReadAsync(queue, id, change.Which, withoutLine, cancellationToken) is not { } found)
                return null;
            if (found.State.IsUnburied(context.Now))
            {
                // What is dead by time is buried first, and then changed like any other dead message.
                if (await burial.BuryAsync(queue, found.State, cancellationToken))
                    continue;
            }
            else
            {
                if (precondition.Failure(new Receipt(found.State.Revisions.Latest)) is { } failure)
                    throw failure;
                var (isThere, body) = found.Row is { } row
                    ? await finder.ReadBodyAsync(queue, row, detail.ShowsBody, cancellationToken)
                    : (true, null);
                var now = context.Now;
                // A message that expired or died while its body was read stays so: other processes may have seen that.
                if (isThere && !found.State.IsUnburied(now) && (found.State.LifeAt(now) & change.Which) != 0)
                {
                    var write = found.Row is null
                        ? MessageWrite.Remove(found.State, found.IndexETag) with { End = change.EndOf(found.State) }
                        : change.WriteOf(found.Row, policy, readAt, now, context);
                    if (write is null)
                        return found.State.ToMessage(found.Row, body, now);
                    var (outcome, _) = await transactions.CommitAsync(queue, [write], cancellationToken);
                    if (outcome == CommitOutcome.Done)
                        return write.ToMessage(found.Row, body, now);
                    if (outcome == CommitOutcome.Unknown)
                        throw new UnavailableException("Storage failed while the message was changed; whether it was can't be told.");
                }
            }

            if (context.Time.GetElapsedTime(begun) > QueueLimits.ConflictTime)
                throw new UnavailableException("Others change this message faster than this request could; it was not changed.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>Reads the rows that the change needs.</summary>
    private async Task<(MessageState State, string IndexETag, MessageRow? Row)?> ReadAsync(
        QueueAddress queue, MessageId id, MessageLife which, bool withoutLine, CancellationToken cancellationToken)
    {
        if (withoutLine)
            return await finder.ReadStateAsync(queue, id, which, cancellationToken) is var (state, etag) ? (state, etag, null) : null;
        return await finder.ReadRowAsync(queue, id, which, cancellationToken) is { } row ? (row.State, "", row) : null;
    }
}

using System.Runtime.CompilerServices;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Relays;

/// <summary>Finds out what the other side of a relay may lack, and what a mirror's other side may have too much of.</summary>
internal sealed class MissingReader(QueueContext context, RelayTable table, MessageFinder finder, RelayPeer peer)
{
    /// <summary>
    /// Reads what the other side of a relay may lack of a queue: what is in the outbox and, where the queue is not prepared, what stands in
    /// it without a row. Of a mirror, it asks the other side how far it is. Where that does not answer, it may name too much, and never too
    /// little.
    /// </summary>
    public async IAsyncEnumerable<RelayMissing> ReadAsync(
        QueueAddress queue, Relay relay, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The head before the link: a queue that is prepared anew is marked only once its link says that it is not prepared.
        var head = await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken);
        var link = await table.ReadAsync(queue, cancellationToken) is { } one && one.Incarnation == relay.Incarnation ? one : null;
        var isMirror = relay.Mode == RelayMode.Mirror;
        var told = new HashSet<Sequence>();
        var (isKnown, last) = await LastAsync();
        if (link is not { IsPrepared: true } || (head.IsOpen && head.Relay?.Serves(relay) != true))
        {
            // Before the rows: a message may get its row and be consumed meanwhile.
            await foreach (var state in StandingAsync(queue, isMirror, cancellationToken))
            {
                var isLacking = !(state.Sequence.Value <= last);
                if ((isLacking || isMirror) && told.Add(state.Sequence))
                    yield return new(queue.Queue, state.Id, !isLacking);
            }
        }

        var query = new RowQuery(QueueKeys.OutboxFrom, QueueKeys.OutboxBefore) { Select = RelayRow.WithoutBody };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            // After the rows were read: what is sent meanwhile counts as there, so that its changes are named.
            (isKnown, last) = await LastAsync();
            var rows = page.Rows
                .Where(row => OutboxRows.Holds(row.Key) && row.Columns.GetString(OutboxRows.Incarnation) == relay.Incarnation)
                .Select(row => (IsChange: ChangeRow.Is(row.Key), Sequence: OutboxRows.SequenceOf(row.Key), Id: OutboxRows.IdOf(row)))
                .Where(row => !told.Contains(row.Sequence));
            foreach (var some in rows.Chunk(RelayLimits.Looks))
            {
                var found = isMirror
                    ? await Task.WhenAll(some.Select(row => IsHereAsync(queue, row.Id, row.Sequence, cancellationToken)))
                    : [.. some.Select(_ => true)];
                foreach (var (row, isHere) in some.Zip(found))
                {
                    if (isMirror && IsEqual(row.IsChange, isHere, row.Sequence.Value <= last, isKnown))
                        continue;
                    if (told.Add(row.Sequence))
                        yield return new(queue.Queue, row.Id, row.IsChange || !isHere);
                }
            }
        }

        async Task<(bool IsKnown, long? Last)> LastAsync()
        {
            var answer = isMirror ? await peer.AskAsync(relay, queue) : new(0);
            return answer.Status == 200 ? (true, answer.Last) : (false, link?.Sent);
        }
    }

    /// <summary>Whether the other side has the same of a message with a row of a mirror.</summary>
    /// <param name="isChange">Whether the row is of a change; otherwise it is of a put.</param>
    /// <param name="isHere">Whether the message stands here.</param>
    /// <param name="isThere">Whether the other side has its number, as far as it is known.</param>
    /// <param name="isKnown">Whether the other side has said so now.</param>
    private static bool IsEqual(bool isChange, bool isHere, bool isThere, bool isKnown) => isChange
        // What was never sent is put as it is, or not at all.
        ? isKnown && !isThere
        // What was sent, and has changed or gone since, has a row of a change.
        : isThere || (isKnown && !isHere);

    private async Task<bool> IsHereAsync(QueueAddress queue, MessageId id, Sequence sequence, CancellationToken cancellationToken) =>
        await finder.ReadStateAsync(queue, id, MessageLife.Live | MessageLife.Dead, cancellationToken) is var (state, _)
        && state.Sequence == sequence;

    private async IAsyncEnumerable<MessageState> StandingAsync(
        QueueAddress queue, bool withDead, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Select = MessageColumns.OfState };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            foreach (var state in page.Rows.Select(row => MessageState.From(row.Columns)))
            {
                var life = state.LifeAt(context.Now);
                if (life == MessageLife.Live || (withDead && life == MessageLife.Dead))
                    yield return state;
            }
        }
    }
}

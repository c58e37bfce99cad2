using Burrow.Queues.Rows;
using Burrow.Queues.Settings;
using Burrow.Tables;

namespace Burrow.Queues.Putting;

/// <summary>Whether the puts of a queue write to the outbox of a relay, and how much room it has (docs/design/relays.md).</summary>
internal sealed class OutboxRoom(QueueContext context, QueueSettings settings, QueueAddress queue)
{
    /// <summary>The count of the mark before the first row of the outbox, as it was read last.</summary>
    private (string Incarnation, long Count)? sent;

    /// <summary>What puts do to the outbox; null: nothing, and the head they write has no mark.</summary>
    /// <param name="current">The head that the puts replace.</param>
    /// <param name="relay">The relay that holds for the queue, as this process remembers it.</param>
    /// <param name="wanted">How many puts wait.</param>
    public async Task<PlannedOutbox?> OfAsync(QueueHead current, Relay? relay, int wanted)
    {
        if (!current.IsOpen)
        {
            if (relay is null)
                return null;
            // The queue is empty: nothing stands in it without a row. The outbox may still hold rows.
            var count = current.Relay?.Incarnation == relay.Incarnation ? current.Relay.Count : 0;
            return await RoomAsync(relay, new(relay.Incarnation, count) { IsWhole = true }, wanted);
        }

        // Where a queue of a relay is not marked, messages stand that have no row: it is to be prepared.
        if (current.Relay is not { } mark)
            return null;
        if (mark.Incarnation != relay?.Incarnation)
        {
            // Either the head is right, or what this process remembers.
            settings.Forget();
            relay = (await settings.ReadAsync(queue.Account, CancellationToken.None)).RelayOf(queue.Queue);
        }

        return mark.Incarnation == relay?.Incarnation ? await RoomAsync(relay, mark, wanted) : null;
    }

    private async Task<PlannedOutbox> RoomAsync(Relay relay, RelayMark mark, int wanted)
    {
        if (mark.IsFull)
            return new(relay, mark, long.MaxValue);
        var before = sent is var (incarnation, count) && incarnation == mark.Incarnation && count <= mark.Count ? count : 0;
        if (mark.Count - before + wanted > relay.MaxOutbox)
        {
            before = await ReadSentAsync() ?? mark.Count;
            sent = (mark.Incarnation, before);
        }

        return new(relay, mark, relay.MaxOutbox - (mark.Count - before));
    }

    private async Task<long?> ReadSentAsync()
    {
        var query = new RowQuery(QueueKeys.OutboxFrom, QueueKeys.ChangesFrom) { Top = 1, Select = RelayRow.ColumnsOfCount };
        var (rows, _) = await context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
        return rows.Count == 0 ? null : Math.Max(0, RelayRow.CountOf(rows[0]) - 1);
    }
}

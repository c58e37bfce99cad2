using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Groups;

/// <summary>Reads groups for the changes of their messages.</summary>
internal sealed class GroupReader(QueueContext context)
{
    /// <summary>How many expired messages are passed over at most.</summary>
    private const int MaxExpired = 8;

    /// <summary>Reads a group's row, and whether a message of it waits: one query.</summary>
    public async Task<(GroupRow Row, bool MayWait)> ReadAsync(QueueAddress queue, GroupName name, CancellationToken cancellationToken)
    {
        var (row, places) = await ReadRowsAsync(queue, name, 1, cancellationToken);
        return (row, places.Count > 0);
    }

    /// <summary>
    /// Reads a group's row and its first waiting messages: one query, and a read for each message that may be made ready.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="name">The group.</param>
    /// <param name="wanted">How many messages may be made ready, by the group's row.</param>
    /// <param name="changed">The places of messages that the same transaction changes. They are left out.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>Null if others change the group at the same time.</returns>
    public async Task<GroupView?> ReadAsync(
        QueueAddress queue,
        GroupName name,
        Func<GroupRow, int> wanted,
        IReadOnlySet<Sequence> changed,
        CancellationToken cancellationToken)
    {
        var max = GroupLimits.Promoted + MaxExpired;
        var (row, places) = await ReadRowsAsync(queue, name, max + changed.Count, cancellationToken);
        places.RemoveAll(place => changed.Contains(place.Sequence));
        var (left, now) = (wanted(row), context.Now);
        var waiting = new List<WaitingMessage>();
        while (waiting.Count < Math.Min(places.Count, max) && left > 0)
        {
            var next = places.GetRange(waiting.Count, Math.Min(left, Math.Min(places.Count, max) - waiting.Count));
            var found = await Task.WhenAll(next.Select(
                place => context.Messages.GetAsync(queue.Partition, QueueKeys.Waiting(place.Sequence), cancellationToken)));
            // It left the group after the query: another request was faster.
            if (Array.Exists(found, one => one is null))
                return null;
            var rows = found.Select(one => MessageRow.From(one!)).ToList();
            waiting.AddRange(next.Zip(rows, (place, one) => place with { Row = one }));
            left -= rows.Count(one => !IsExpired(one.State, now));
        }

        waiting.AddRange(places.Skip(waiting.Count).Take(max - waiting.Count));
        return new(row, waiting, places.Count > waiting.Count);
    }

    /// <summary>
    /// Whether a waiting message has expired by the clock of every process, so that those behind it need not wait for it.
    /// </summary>
    public static bool IsExpired(MessageState state, long now) =>
        state.ExpiresAt != MessageState.Never && state.ExpiresAt + QueueLimits.ClockSkew.Ticks <= now;

    /// <summary>Reads the row, and at least so many places of waiting messages if there are as many.</summary>
    private async Task<(GroupRow Row, List<WaitingMessage> Places)> ReadRowsAsync(
        QueueAddress queue, GroupName name, int max, CancellationToken cancellationToken)
    {
        // One more than asked, so that the caller sees whether there are more.
        var query = new RowQuery(QueueKeys.Group(name), QueueKeys.GroupBefore(name)) { Top = max + 2 };
        var (rows, _) = await context.Messages.QueryFirstAsync(queue.Partition, query, cancellationToken);
        var isThere = rows.Count > 0 && GroupRow.IsGroup(rows[0]);
        return (
            isThere ? GroupRow.From(rows[0]) : GroupRow.New(name),
            [.. rows.Skip(isThere ? 1 : 0).Select(row => new WaitingMessage(QueueKeys.SequenceOf(row.Key), row.ETag, null))]);
    }
}

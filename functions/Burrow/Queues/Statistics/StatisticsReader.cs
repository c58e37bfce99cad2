using Burrow.Queues.Counting;
using Burrow.Queues.Directory;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Statistics;

/// <summary>
/// Reads the statistics of queues cheaply, from <see cref="ProcessCounts"/> and three reads of a queue. These are the front of the visible
/// line (of each lane, where priorities are used), the first due messages of the hidden line, and its messages that are not due. Each
/// read takes a page or two, however long the queue is.
/// </summary>
internal sealed class StatisticsReader(QueueContext context, ProcessCounts counts, NameLister names)
{
    /// <summary>Queues read in parallel.</summary>
    private const int MaxParallelism = 16;

    /// <summary>Hidden messages counted at most. If there are more, only that is known.</summary>
    private const int MaxHidden = TableLimits.PageRows;

    /// <summary>Messages read whose hide has ended and that no process has moved yet. The oldest of this many is found.</summary>
    private const int MaxDue = 100;

    /// <summary>Pages of one read: storage also ends a page after it has passed over many expired rows.</summary>
    private const int MaxPages = 2;

    private static readonly string[] Columns = [MessageColumns.Id, MessageColumns.State, MessageColumns.ExpiresAt];

    /// <summary>The statistics of a queue; null if there is no queue.</summary>
    public async Task<MessageStatistics?> QueueAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var count = await counts.FindAsync(queue, cancellationToken);
        var found = await ReadAsync(queue, count ?? QueueCounts.None, cancellationToken);
        return count is not null || found.Hidden > 0 || found.Visible > 0 ? found : null;
    }

    /// <summary>
    /// Whether the queue is seen to hold no live message at one moment. Where it holds some, that costs two reads. Otherwise it goes
    /// through the rows by id, which do not move, and looks whether anything was put meanwhile.
    /// </summary>
    public async Task<bool> IsEmptyAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (await HoldsLiveAsync(queue, QueueKeys.VisibleFrom, QueueKeys.VisibleBefore, cancellationToken)
            || await HoldsLiveAsync(queue, QueueKeys.HiddenFrom, QueueKeys.HiddenBefore, cancellationToken))
        {
            return false;
        }

        var head = await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken);
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore) { Select = Columns };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            var now = context.Now;
            if (page.Rows.Any(row => MessageState.From(row.Columns).IsLive(now)))
                return false;
        }

        return (await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken)).ETag == head.ETag;
    }

    private async Task<bool> HoldsLiveAsync(QueueAddress queue, string from, string before, CancellationToken cancellationToken)
    {
        var (rows, _) = await QueryFirstAsync(queue, from, before, 1, context.Now, cancellationToken);
        return rows.Count > 0;
    }

    /// <summary>The statistics of an account, of the queues that match; null if no queue matches.</summary>
    public async Task<AccountStatistics?> AccountAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken)
    {
        var all = (await counts.FindAllAsync(account, cancellationToken)).Where(one => selection.Matches(one.Queue.Value)).ToList();
        if (all.Count == 0)
        {
            // Another process may have put the first messages, and may not have written their counts yet.
            var listed = await names.QueuesAsync(account, selection with { Marker = null }, cancellationToken);
            all = [.. listed.Names.Select(name => (new QueueName(name), QueueCounts.None))];
        }

        if (all.Count == 0)
            return null;
        all.Sort((a, b) => Name.ByCodePoint.Compare(a.Queue.Value, b.Queue.Value));
        // From the next name, whether a queue with the marker's name still exists or not.
        var first = selection.Marker is { } marker ? all.FindIndex(one => Name.ByCodePoint.Compare(one.Queue.Value, marker) > 0) : 0;
        var asked = first < 0 ? [] : all.Skip(first).Take(selection.Limit ?? all.Count).ToList();
        var shown = new List<QueueStatistics>();
        foreach (var some in asked.Chunk(MaxParallelism))
        {
            shown.AddRange(await Task.WhenAll(some.Select(async one =>
                new QueueStatistics(one.Queue, await ReadAsync(new(account, one.Queue), one.Counts, cancellationToken)))));
        }

        // The statistics of the queues that were read are better than their counts.
        var others = all.Except(asked)
            .Select(one => one.Counts with { Messages = Math.Max(0, one.Counts.Messages), Bytes = Math.Max(0, one.Counts.Bytes) })
            .ToList();
        var parts = shown.ConvertAll(one => one.Statistics);
        return new(
            others.Count(count => count.Messages > 0) + parts.Count(part => part.Counts.Messages > 0),
            Sum(others, parts),
            shown,
            More: first >= 0 && first + asked.Count < all.Count);
    }

    private static MessageStatistics Sum(List<QueueCounts> others, List<MessageStatistics> parts)
    {
        var isAll = others.TrueForAll(count => count.Messages == 0);
        return new()
        {
            Counts = others.Concat(parts.ConvertAll(part => part.Counts)).Aggregate(QueueCounts.None, (sum, count) => sum + count),
            Hidden = parts.Sum(part => part.Hidden),
            Visible = parts.Sum(part => part.Visible) + others.Sum(count => count.Messages),
            HiddenIsExact = isAll && parts.TrueForAll(part => part.HiddenIsExact),
            OldestVisibleAge = parts.Max(part => part.OldestVisibleAge),
            OldestIsExact = isAll && parts.TrueForAll(part => part.OldestIsExact),
        };
    }

    private async Task<MessageStatistics> ReadAsync(QueueAddress queue, QueueCounts count, CancellationToken cancellationToken)
    {
        var now = context.Now;
        // The due messages are read first: a message that is moved between the reads goes from there to the visible line. The head stands
        // before them. It names the lanes of the visible line.
        var (due, moreDue) = await QueryFirstAsync(
            queue, QueueKeys.Head, QueueKeys.HiddenDueBefore(now), MaxDue, now, cancellationToken);
        var head = due.Count > 0 && due[0].Key == QueueKeys.Head ? QueueHead.From(due[0]) : QueueHead.Missing;
        due.RemoveAll(row => row.Key == QueueKeys.Head);
        var lanes = await Task.WhenAll(head.Lanes.Priorities.Select(priority => QueryFirstAsync(
            queue, QueueKeys.Visible(priority, Sequence.None), QueueKeys.Visible(priority, Sequence.Last), 1, now, cancellationToken)));
        // What waits behind its group is visible for lists.
        if (head.Lanes.HaveGroups)
            lanes = [.. lanes, await QueryFirstAsync(queue, QueueKeys.WaitingFrom, QueueKeys.WaitingBefore, 1, now, cancellationToken)];
        List<Row> visible = [.. lanes.SelectMany(lane => lane.Rows)];
        var (hidden, moreHidden) = await QueryFirstAsync(
            queue, QueueKeys.HiddenDueBefore(now), QueueKeys.HiddenBefore, MaxHidden, now, cancellationToken);
        var front = due.Concat(visible).ToList();
        // If the read ended at too many expired rows, it is unknown whether a visible message follows them.
        var isKnown = Array.TrueForAll(lanes, lane => lane.Rows.Count > 0 || !lane.More);
        var dead = Math.Max(0, count.Dead);
        var rest = Math.Max(0, count.Messages - dead - hidden.Count);
        return new()
        {
            // A message that was found counts as stored, whether a process has written it to the counts or not.
            Counts = count with
            {
                Messages = Math.Max(count.Messages, dead + hidden.Count + front.Count),
                Bytes = Math.Max(0, count.Bytes),
                Dead = dead,
            },
            Hidden = hidden.Count,
            HiddenIsExact = !moreHidden,
            Visible = front.Count == 0 && isKnown ? 0 : Math.Max(front.Count, rest),
            OldestVisibleAge = front.Count == 0
                ? null
                : TimeSpan.FromTicks(Math.Max(0, now - front.Min(row => StateText.Of(row.Columns).Inserted))),
            OldestIsExact = !moreDue && isKnown,
        };
    }

    private Task<(List<Row> Rows, bool More)> QueryFirstAsync(
        QueueAddress queue, string from, string before, int max, long now, CancellationToken cancellationToken) =>
        context.Messages.QueryFirstAsync(
            queue.Partition,
            new(from, before) { Top = max, Select = Columns, Above = (MessageColumns.ExpiresAt, now) },
            cancellationToken,
            MaxPages);
}

using Burrow.Tables;

namespace Burrow.Queues;

/// <summary>
/// How queues stand, cheaply: what <see cref="Counts"/> knows, and three queries of a queue, each of a page at most, whatever its
/// length: the front of the visible line, the first that are due of the hidden line, and those of it that aren't.
/// </summary>
internal sealed class Overview(QueueContext context, Counts counts)
{
    /// <summary>Queues looked at side by side.</summary>
    private const int SideBySide = 16;

    /// <summary>Hidden messages counted; of more, it is only known that there are.</summary>
    private const int MostHidden = TableLimits.PageRows;

    /// <summary>Messages whose hide ran out and that nobody moved yet: the oldest of so many.</summary>
    private const int MostDue = 100;

    private static readonly string[] Columns = ["inserted", MessageState.ExpiresColumn];

    /// <summary>A queue's; null if there is none.</summary>
    public async Task<Statistics?> QueueAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var count = await counts.FindAsync(queue, cancellationToken);
        var found = await LookAsync(queue, count ?? Count.None, cancellationToken);
        return count is not null || found.Hidden > 0 || found.Visible > 0 ? found : null;
    }

    /// <summary>An account's, of those queues that match; null if it has none.</summary>
    public async Task<AccountStatistics?> AccountAsync(AccountName account, NameSelection selection, CancellationToken cancellationToken)
    {
        var all = (await counts.FindAllAsync(account, cancellationToken)).Where(one => selection.Matches(one.Queue.Value))
            .OrderBy(one => one.Queue.Value, Name.ByCodePoint).ToList();
        if (all.Count == 0)
            return null;
        var first = selection.Marker is { } marker ? all.FindIndex(one => one.Queue.Value == marker) + 1 : 0;
        var asked = all.Skip(first).Take(selection.Limit ?? all.Count).ToList();
        var shown = new List<QueueStatistics>();
        foreach (var some in asked.Chunk(SideBySide))
        {
            shown.AddRange(await Task.WhenAll(some.Select(async one =>
                new QueueStatistics(one.Queue, await LookAsync(new(account, one.Queue), one.Count, cancellationToken)))));
        }

        return new(
            all.Count(one => one.Count.Messages > 0),
            Together(all.Aggregate(Count.None, (sum, one) => sum + one.Count), shown.ConvertAll(one => one.Statistics), isAll: shown.Count == all.Count),
            shown,
            More: first + asked.Count < all.Count);
    }

    private static Statistics Together(Count count, List<Statistics> parts, bool isAll)
    {
        var hidden = parts.Sum(part => part.Hidden);
        return new()
        {
            Count = count,
            Hidden = hidden,
            Visible = isAll ? parts.Sum(part => part.Visible) : Math.Max(0, count.Messages - hidden),
            HiddenIsExact = isAll && parts.TrueForAll(part => part.HiddenIsExact),
            OldestVisibleAge = parts.Max(part => part.OldestVisibleAge),
            OldestIsExact = isAll && parts.TrueForAll(part => part.OldestIsExact),
        };
    }

    private async Task<Statistics> LookAsync(QueueAddress queue, Count count, CancellationToken cancellationToken)
    {
        var now = context.Now;
        // What is due first: a message that is moved in between goes from there to the visible line.
        var (due, moreDue) = await FirstAsync(queue, QueueKeys.HiddenFrom, QueueKeys.HiddenDueBefore(now), MostDue, now, cancellationToken);
        var (visible, _) = await FirstAsync(queue, QueueKeys.VisibleFrom, QueueKeys.VisibleBefore, 1, now, cancellationToken);
        var (hidden, moreHidden) = await FirstAsync(queue, QueueKeys.HiddenDueBefore(now), QueueKeys.HiddenBefore, MostHidden, now, cancellationToken);
        var front = due.Concat(visible).ToList();
        return new()
        {
            // A message that was found is there, whoever has written it down or not.
            Count = count with { Messages = Math.Max(count.Messages, hidden.Count + front.Count), Bytes = Math.Max(0, count.Bytes) },
            Hidden = hidden.Count,
            HiddenIsExact = !moreHidden,
            Visible = front.Count == 0 ? 0 : Math.Max(front.Count, count.Messages - hidden.Count),
            OldestVisibleAge = front.Count == 0 ? null : TimeSpan.FromTicks(Math.Max(0, now - front.Min(row => row.Columns.Number("inserted")))),
            OldestIsExact = !moreDue,
        };
    }

    private Task<(List<Row> Rows, bool More)> FirstAsync(
        QueueAddress queue, string from, string before, int most, long now, CancellationToken cancellationToken) =>
        context.Messages.QueryFirstAsync(
            queue.Partition, new(from, before) { Top = most, Select = Columns, Above = (MessageState.ExpiresColumn, now) }, cancellationToken);
}

using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Reading;

/// <summary>
/// Reads the visible line in the queue's order, and with it the messages that wait behind their groups, as one more lane. Each lane holds
/// its messages in this order; a page merges them. A lane that ended in the middle of its rows ends the page there, and the others keep for
/// the next page what they have beyond. The caller says when that is too old (<see cref="Position.Anew"/>).
/// </summary>
/// <param name="context">The tables and the clock.</param>
/// <param name="queue">The queue.</param>
/// <param name="lanes">The lanes to read.</param>
/// <param name="withWaiting">Whether to read the messages that wait, too.</param>
/// <param name="end">The last place to read.</param>
/// <param name="top">How many messages of a page the caller may need.</param>
/// <param name="withBodies">Whether to read the bodies that are in the rows.</param>
internal sealed class VisibleLine(
    QueueContext context, QueueAddress queue, Lanes lanes, bool withWaiting, Sequence end, int top, bool withBodies)
{
    /// <summary>The lane of the messages that wait behind their groups.</summary>
    private const int Waiting = -1;

    /// <summary>The smallest share of a page that is read from one of several lanes.</summary>
    private const int MinShare = 16;

    private readonly List<int> priorities = [.. lanes.Priorities, .. withWaiting ? [Waiting] : Array.Empty<int>()];

    /// <summary>Where a read begins: behind this place, in every lane.</summary>
    public Position Start(Sequence behind) => new(Fresh(behind), behind);

    private IReadOnlyList<Lane> Fresh(Sequence behind) => [.. priorities.Select(priority => new Lane(priority, behind, null, [], false))];

    /// <summary>Reads the page at a position. The position stays as it is, so that a page can be read again.</summary>
    /// <param name="position">Where the page begins.</param>
    /// <param name="waitingRead">
    /// Called between the reads of the messages that wait and of the others, with those that wait and are hidden. A message that stops to
    /// wait moves to the hidden or to the visible line, so the lines are read in this order.
    /// </param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page> ReadAsync(
        Position position, Func<IReadOnlyList<MessageRow>, Task> waitingRead, CancellationToken cancellationToken)
    {
        // Lanes that hold few messages are soon read to their end. The others share the page.
        var open = position.Lanes.Count(lane => lane.MustRead);
        var share = open <= 1 ? top : Math.Min(top, Math.Max(MinShare, (top + open - 1) / open));
        var waiting = position.Lanes[^1].Priority == Waiting ? position.Lanes[^1] : null;
        if (waiting is not null)
        {
            // What stops to wait after this read is found in the lines that are read after it. So this lane is read first, as far as
            // needed.
            while (waiting.MustRead)
                waiting = await ReadAsync(waiting, share, cancellationToken);
            await waitingRead([.. waiting.Rows.Where(row => !row.State.IsHideOver(waiting.ReadAt))]);
        }

        var read = position.Lanes.Count == 1
            ? [await ReadAsync(position.Lanes[0], share, cancellationToken)]
            : await Task.WhenAll(position.Lanes.Select(
                lane => lane.Priority == Waiting ? Task.FromResult(waiting!) : ReadAsync(lane, share, cancellationToken)));
        var last = end;
        foreach (var lane in read)
            last = lane.Known < last ? lane.Known : last;
        var isEnd = Array.TrueForAll(read, lane => lane.IsRead);
        if (read.Length == 1)
            return new([.. read[0].Rows], last, isEnd ? null : new([read[0] with { Rows = [] }], last));
        // Of a message that stopped to wait between the reads, the later read counts: the lane of those that wait is the last one.
        var rows = read.SelectMany(lane => lane.Visible.TakeWhile(row => row.Sequence <= last))
            .OrderBy(row => row.Sequence).DistinctBy(row => row.Sequence).ToList();
        if (waiting is { IsRead: true, Rows.Count: 0 })
        {
            // Nothing waits from here on, so nothing moves behind what was read of the other lanes.
            read = [.. read.Where(lane => lane.Priority != Waiting)];
        }
        else if (waiting is not null)
        {
            // What stops to wait may move behind what was read of the other lanes: a page begins anew. One that found only expired rows
            // goes on where it ended.
            var passed = last > position.Behind;
            return new(rows, last, isEnd ? null : passed ? Start(last) : new(read, last));
        }

        return new(rows, last, isEnd
            ? null
            : new([.. read.Select(lane => lane with { Rows = [.. lane.Rows.SkipWhile(row => row.Sequence <= last)] })], last));
    }

    /// <summary>Reads the next rows of a lane, if it has none left.</summary>
    private async Task<Lane> ReadAsync(Lane lane, int share, CancellationToken cancellationToken)
    {
        if (!lane.MustRead)
            return lane;
        var query = new RowQuery(
            KeyOf(lane, new(lane.Begin.Value + 1)), KeyOf(lane, new(end.Value + 1)))
        {
            Top = share,
            Select = withBodies ? null : MessageColumns.WithoutBody,
            Above = (MessageColumns.ExpiresAt, context.Now),
            Continuation = lane.Continuation,
        };
        var now = context.Now;
        var page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
        return lane with
        {
            ReadAt = now,
            Rows = [.. page.Rows.Select(MessageRow.From)],
            Continuation = page.Continuation,
            IsRead = page.Continuation is null,
            Passed = page.Rows.Count > 0 ? QueueKeys.SequenceOf(page.Rows[^1].Key) : lane.Passed,
        };
    }

    private static string KeyOf(Lane lane, Sequence sequence) =>
        lane.Priority == Waiting ? QueueKeys.Waiting(sequence) : QueueKeys.Visible(lane.Priority, sequence);

    /// <summary>A page.</summary>
    /// <param name="Rows">Its messages, in the queue's order.</param>
    /// <param name="Last">The page has every message of the line up to this place, from where the page before it ended.</param>
    /// <param name="Next">Where the next page begins; null: there is none.</param>
    internal sealed record Page(IReadOnlyList<MessageRow> Rows, Sequence Last, Position? Next);

    /// <summary>A place in every lane.</summary>
    /// <param name="Lanes">The lanes.</param>
    /// <param name="Behind">The end of the page before.</param>
    internal sealed record Position(IReadOnlyList<Lane> Lanes, Sequence Behind)
    {
        /// <summary>
        /// The same place, without what was read of the lanes beyond it. A lane whose read is under way goes on. What waits stays, as it
        /// was read before the others.
        /// </summary>
        /// <param name="behind">The end of the page before.</param>
        public Position Anew(Sequence behind) => Lanes.Count == 1
            ? this
            : new(
                [
                    .. Lanes.Select(lane =>
                        lane.MustRead || lane.Priority == Waiting ? lane : new Lane(lane.Priority, behind, null, [], false)),
                ],
                behind);
    }

    /// <summary>How far a lane was read.</summary>
    /// <param name="Priority">Which lane it is.</param>
    /// <param name="Begin">The place behind which its query begins.</param>
    /// <param name="Continuation">Where its query continues.</param>
    /// <param name="Rows">What was read and is in no page yet.</param>
    /// <param name="IsRead">Whether the query has come to its end.</param>
    internal sealed record Lane(int Priority, Sequence Begin, string? Continuation, IReadOnlyList<MessageRow> Rows, bool IsRead)
    {
        /// <summary>The last place that was read.</summary>
        public Sequence Passed { get; init; } = Begin;

        /// <summary>The time before it was read, UTC ticks.</summary>
        public long ReadAt { get; init; }

        /// <summary>Its messages, without those that waited and were hidden when they were read.</summary>
        public IEnumerable<MessageRow> Visible => Priority == Waiting ? Rows.Where(row => row.State.IsHideOver(ReadAt)) : Rows;

        /// <summary>Whether the next page needs more of it than was read.</summary>
        public bool MustRead => Rows.Count == 0 && !IsRead;

        /// <summary>All messages of the lane up to this place are read.</summary>
        public Sequence Known => IsRead ? Sequence.Last : Passed;
    }
}

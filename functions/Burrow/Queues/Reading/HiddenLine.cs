using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Reading;

/// <summary>
/// The places of a queue's hidden line that a reader must know. If hidden messages match, these are all places. Otherwise they are the
/// places due within a second, because a hide lasts at least a second. The number is bounded: if there are more places, it keeps
/// the first ones and knows where these end (<see cref="End"/>).
/// </summary>
/// <param name="context">The tables and the clock.</param>
/// <param name="queue">The queue.</param>
/// <param name="matchHidden">Whether places that are not due count.</param>
/// <param name="capacity">How many places are kept at most.</param>
internal sealed class HiddenLine(QueueContext context, QueueAddress queue, bool matchHidden, int capacity)
{
    private readonly SortedSet<(Sequence Sequence, string Id)> places = [];

    /// <summary>All places up to this one are known.</summary>
    public Sequence End { get; private set; }

    /// <summary>Until this time, UTC ticks, no message becomes visible whose place is not known.</summary>
    public long CompleteUntil { get; private set; }

    /// <summary>
    /// Reads the places after <paramref name="start"/>, and with them the head, whose row is right before the hidden line.
    /// </summary>
    /// <returns>The head. The last sequence that it gave out is the end of the reader's range.</returns>
    public async Task<QueueHead> ReadWithHeadAsync(Sequence start, CancellationToken cancellationToken) =>
        await ReadAsync(QueueKeys.Head, start, Sequence.Last, cancellationToken) ?? QueueHead.Missing;

    /// <summary>Reads the places between two sequences again.</summary>
    public Task ReadAsync(Sequence start, Sequence end, CancellationToken cancellationToken) =>
        ReadAsync(QueueKeys.HiddenFrom, start, end, cancellationToken);

    /// <summary>
    /// Reads the places that became due since the last read, or become due within the next second. The range begins
    /// <see cref="QueueLimits.ClockSkew"/> earlier. The reason: a process whose clock is behind may hide a message until a time that is
    /// past on this clock.
    /// </summary>
    public Task ReadNewlyDueAsync(Sequence start, CancellationToken cancellationToken) => ReadAsync(
        QueueKeys.HiddenDueBefore(CompleteUntil - TimeSpan.TicksPerSecond - QueueLimits.ClockSkew.Ticks), start, End, cancellationToken);

    /// <summary>
    /// Notes a message that waits behind its group and whose hide is not over: it may be moved here before it is visible, or from here on.
    /// </summary>
    public void Note(MessageState state)
    {
        if (matchHidden || state.VisibleAt <= CompleteUntil)
            Add(state.Sequence, state.Id.Value);
    }

    public void Remove(Sequence sequence)
    {
        if (places.Count > 0 && places.Min.Sequence == sequence)
            places.Remove(places.Min);
    }

    /// <summary>Removes and returns the first places before a sequence, at most <paramref name="count"/>.</summary>
    public List<(Sequence Sequence, MessageId Id)> Take(int count, Sequence before)
    {
        var taken = new List<(Sequence, MessageId)>();
        while (taken.Count < count && places.Count > 0 && places.Min is var first && first.Sequence < before)
        {
            taken.Add((first.Sequence, new(first.Id)));
            places.Remove(first);
        }

        return taken;
    }

    /// <returns>The head, if the range holds it. Then later places than its last sequence are not added.</returns>
    private async Task<QueueHead?> ReadAsync(string from, Sequence start, Sequence end, CancellationToken cancellationToken)
    {
        var now = context.Now;
        (End, CompleteUntil) = (end, now + TimeSpan.TicksPerSecond);
        var query = new RowQuery(from, matchHidden ? QueueKeys.HiddenBefore : QueueKeys.HiddenDueBefore(CompleteUntil))
        {
            Select = MessageColumns.OfPlace,
            Above = (MessageColumns.ExpiresAt, now),
        };
        QueueHead? head = null;
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            foreach (var row in page.Rows)
            {
                if (row.Key == QueueKeys.Head)
                    End = end = (head = QueueHead.From(row)).Last;
                else if (QueueKeys.SequenceOf(row.Key) is var sequence && sequence > start && sequence <= end)
                    Add(sequence, row.Columns.GetString(MessageColumns.Id)!);
            }
        }

        return head;
    }

    private void Add(Sequence sequence, string id)
    {
        if (sequence > End)
            return;
        places.Add((sequence, id));
        if (places.Count <= capacity)
            return;
        places.Remove(places.Max);
        End = places.Max.Sequence;
    }
}

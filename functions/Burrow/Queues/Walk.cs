using System.Runtime.CompilerServices;
using Burrow.Tables;

namespace Burrow.Queues;

/// <summary>
/// Goes through the messages of a queue in its order. First the keys of the hidden line that count, to their end; then the
/// visible line: a message released in between moves from the one to the other, and counts once. So nothing visible all the
/// while is passed over.
/// </summary>
internal sealed class Walk(QueueContext context)
{
    /// <summary>How many places of the hidden line are kept in mind at a time; beyond that, another round is made.</summary>
    private const int MostHidden = 100_000;

    /// <summary>How many of them are read at a time.</summary>
    private const int ReadAhead = 32;

    private static readonly IReadOnlyList<string> Places = ["id"];

    /// <summary>The place that a selection begins after.</summary>
    public async Task<Sequence> StartAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken)
    {
        if (selection.After is { } after)
            return after;
        if (selection.Marker is not { } marker)
            return Sequence.None;
        var row = await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(marker), cancellationToken);
        return row is not null && MessageState.From(row.Columns) is { } state && state.IsLive(context.Now) ? state.Sequence : Sequence.None;
    }

    /// <summary>The live messages after <paramref name="start"/> up to <paramref name="end"/>, in order, each once.</summary>
    /// <param name="queue">Whose.</param>
    /// <param name="start">The place before the first.</param>
    /// <param name="end">The last place.</param>
    /// <param name="matchHidden">Hidden ones too.</param>
    /// <param name="wanted">How many will be taken, at most; null: perhaps all.</param>
    /// <param name="withBodies">Whether the body is wanted of those whose line row holds it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<Line> LinesAsync(
        QueueAddress queue,
        Sequence start,
        Sequence end,
        bool matchHidden,
        int? wanted,
        bool withBodies,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (start < end)
        {
            var (hidden, overflow) = await HiddenAsync(queue, start, end, matchHidden, Math.Min(wanted ?? MostHidden, MostHidden), cancellationToken);
            var roundEnd = overflow ? hidden.Keys[^1] : end;
            await foreach (var line in RoundAsync(queue, hidden, start, roundEnd, matchHidden, wanted, withBodies, cancellationToken))
                yield return line;
            start = roundEnd;
        }
    }

    /// <summary>The message at a place in line, if it still stands in it and matches; its row is read anew wherever it went.</summary>
    public async Task<Line?> FindAsync(
        QueueAddress queue, MessageId id, Sequence sequence, bool matchHidden, CancellationToken cancellationToken)
    {
        var (line, _) = await ReadAsync(queue, id, cancellationToken);
        return line is not null && line.Sequence == sequence && (matchHidden || line.State.IsVisible(context.Now)) ? line : null;
    }

    /// <summary>A live message by id: its row in line and its row by id, as of one change; null if there is none.</summary>
    public async Task<(Line? Line, Row? Index)> ReadAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is not { } index
                || MessageState.From(index.Columns) is not { } state
                || !state.IsLive(context.Now))
            {
                return (null, null);
            }

            // Not there, or another by now: it was changed in between. Its row by id says where it is.
            if (await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is { } row
                && Line.From(row) is var line
                && line.State.Revisions == state.Revisions)
            {
                return (line, index);
            }

            if (tries == Limits.MovedReads)
                throw new UnavailableException("The message is changed by others faster than it can be read.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>The first places of the hidden line within a range, and whether there are more.</summary>
    private async Task<(SortedList<Sequence, MessageId> Places, bool Overflow)> HiddenAsync(
        QueueAddress queue, Sequence start, Sequence end, bool undueToo, int most, CancellationToken cancellationToken)
    {
        var now = context.Now;
        var query = new RowQuery(QueueKeys.HiddenFrom, undueToo ? QueueKeys.HiddenBefore : QueueKeys.HiddenDueBefore(now))
        {
            Select = Places,
            Above = (MessageState.ExpiresColumn, now),
        };
        var places = new SortedSet<(Sequence Sequence, string Id)>();
        var overflow = false;
        RowPage page;
        do
        {
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            foreach (var row in page.Rows)
            {
                var sequence = QueueKeys.SequenceOf(row.Key);
                if (sequence <= start || sequence > end || (places.Count == most && sequence >= places.Max.Sequence))
                {
                    overflow |= sequence > start && sequence <= end;
                    continue;
                }

                places.Add((sequence, row.Columns.Text("id")!));
                if (places.Count > most)
                {
                    overflow = true;
                    places.Remove(places.Max);
                }
            }

            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);

        var sorted = new SortedList<Sequence, MessageId>(places.Count);
        foreach (var (sequence, id) in places)
            sorted[sequence] = new(id);
        return (sorted, overflow);
    }

    private async IAsyncEnumerable<Line> RoundAsync(
        QueueAddress queue,
        SortedList<Sequence, MessageId> hidden,
        Sequence start,
        Sequence end,
        bool matchHidden,
        int? wanted,
        bool withBodies,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = 0;
        var query = new RowQuery(QueueKeys.Visible(new(start.Value + 1)), QueueKeys.Visible(new(end.Value + 1)))
        {
            Top = Math.Min(wanted ?? TableLimits.PageRows, TableLimits.PageRows),
            Select = withBodies ? null : Line.WithoutBody,
            Above = (MessageState.ExpiresColumn, context.Now),
        };
        RowPage page;
        do
        {
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            foreach (var row in page.Rows)
            {
                var line = Line.From(row);
                // Those of the hidden line that stand before this one.
                await foreach (var released in FindAllAsync(line.Sequence))
                    yield return released;
                if (next < hidden.Count && hidden.Keys[next] == line.Sequence)
                    next++;
                if (line.State.IsLive(context.Now))
                    yield return line;
            }

            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);

        await foreach (var released in FindAllAsync(Sequence.Last))
            yield return released;

        async IAsyncEnumerable<Line> FindAllAsync(Sequence before)
        {
            while (next < hidden.Count && hidden.Keys[next] < before)
            {
                var some = new List<Task<Line?>>();
                for (; some.Count < ReadAhead && next < hidden.Count && hidden.Keys[next] < before; next++)
                    some.Add(FindAsync(queue, hidden.Values[next], hidden.Keys[next], matchHidden, cancellationToken));
                foreach (var found in await Task.WhenAll(some))
                {
                    if (found is not null)
                        yield return found;
                }
            }
        }
    }
}

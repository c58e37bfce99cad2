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
    /// <summary>How many places of the hidden line are kept in mind at a time; beyond that, it is read again.</summary>
    private const int MostHidden = 100_000;

    /// <summary>How many of them are read at a time.</summary>
    private const int ReadAhead = 32;

    /// <summary>How often a page is read that took so long that the hidden line isn't known any more.</summary>
    private const int SlowReads = 3;

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
        var hidden = new HiddenPlaces(Math.Min(wanted ?? MostHidden, MostHidden));
        await ReadAllAsync(end);
        var (from, continuation) = (start, (string?)null);
        for (var tries = 0; start < end;)
        {
            if (!matchHidden && context.Now > hidden.CompleteUntil - TimeSpan.TicksPerSecond / 2)
                await ReadNewlyDueAsync();
            var query = new RowQuery(QueueKeys.Visible(new(from.Value + 1)), QueueKeys.Visible(new(end.Value + 1)))
            {
                Top = Math.Min(wanted ?? TableLimits.PageRows, TableLimits.PageRows),
                Select = withBodies ? null : Line.WithoutBody,
                Above = (MessageState.ExpiresColumn, context.Now),
                Continuation = continuation,
            };
            var page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            if (matchHidden)
            {
                // What a claim hid before this page was read.
                await ReadAllAsync(hidden.End);
            }
            else if (context.Now > hidden.CompleteUntil)
            {
                // What became visible in between may have moved behind our back: both anew, the hidden line first. Where storage
                // takes a second for an answer each time, what moves just then may be passed.
                if (++tries < SlowReads)
                    continue;
                await ReadNewlyDueAsync();
            }

            tries = 0;
            var visible = page.Rows.Select(Line.From).ToList();
            var pageEnd = page.Continuation is null ? end : visible.Count > 0 ? visible[^1].Sequence : start;
            var passed = pageEnd < hidden.End ? pageEnd : hidden.End;
            foreach (var line in visible.TakeWhile(line => line.Sequence <= passed))
            {
                await foreach (var found in FindAllAsync(line.Sequence))
                    yield return found;
                hidden.Remove(line.Sequence);
                if (line.State.IsLive(context.Now))
                    yield return line;
            }

            await foreach (var found in FindAllAsync(new(passed.Value + 1)))
                yield return found;
            start = passed;
            continuation = page.Continuation;
            if (passed < pageEnd)
            {
                // More was hidden than is kept in mind: the next of them, and the visible line from there on.
                await ReadAllAsync(end);
                (from, continuation) = (start, null);
            }
            else if (continuation is null)
            {
                yield break;
            }
        }

        Task ReadAllAsync(Sequence to) => ReadAsync(hidden, queue, QueueKeys.HiddenFrom, start, to, matchHidden, cancellationToken);

        Task ReadNewlyDueAsync() => ReadAsync(
            hidden, queue, QueueKeys.HiddenDueBefore(hidden.CompleteUntil), start, hidden.End, matchHidden, cancellationToken);

        async IAsyncEnumerable<Line> FindAllAsync(Sequence before)
        {
            while (hidden.Take(ReadAhead, before) is { Count: > 0 } some)
            {
                foreach (var found in await Task.WhenAll(some.Select(
                    place => FindAsync(queue, place.Id, place.Sequence, matchHidden, cancellationToken))))
                {
                    if (found is not null)
                        yield return found;
                }
            }
        }
    }

    /// <summary>The message at a place in line, if it still stands in it and matches; its row is read anew wherever it went.</summary>
    public async Task<Line?> FindAsync(
        QueueAddress queue, MessageId id, Sequence sequence, bool matchHidden, CancellationToken cancellationToken)
    {
        var line = await ReadAsync(queue, id, cancellationToken);
        return line is not null && line.Sequence == sequence && (matchHidden || line.State.IsVisible(context.Now)) ? line : null;
    }

    /// <summary>A live message's row in line, by its id and of one change with its row by id; null if there is none.</summary>
    public async Task<Line?> ReadAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is not { } index
                || MessageState.From(index.Columns) is not { } state
                || !state.IsLive(context.Now))
            {
                return null;
            }

            // Not there, or another by now: it was changed in between. Its row by id says where it is.
            if (await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is { } row
                && Line.From(row) is var line
                && line.State.Revisions == state.Revisions)
            {
                return line;
            }

            if (tries == Limits.MovedReads)
                throw new UnavailableException("The message is changed by others faster than it can be read.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>
    /// Adds the first places of the hidden line within a range. Those too that are due within a second: a hide lasts that long
    /// at least, so until then nothing is due that wasn't read.
    /// </summary>
    private async Task ReadAsync(
        HiddenPlaces places, QueueAddress queue, string from, Sequence start, Sequence end, bool undueToo, CancellationToken cancellationToken)
    {
        var now = context.Now;
        places.Begin(end, completeUntil: now + TimeSpan.TicksPerSecond);
        var query = new RowQuery(
            from, undueToo ? QueueKeys.HiddenBefore : QueueKeys.HiddenDueBefore(places.CompleteUntil))
        {
            Select = Places,
            Above = (MessageState.ExpiresColumn, now),
        };
        RowPage page;
        do
        {
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (QueueKeys.SequenceOf(row.Key) is var sequence && sequence > start && sequence <= end)
                    places.Add(sequence, new(row.Columns.Text("id")!));
            }

            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);
    }

    /// <summary>The first so many places that the hidden line was found to have, in order.</summary>
    private sealed class HiddenPlaces(int most)
    {
        private readonly SortedSet<(Sequence Sequence, string Id)> places = [];

        /// <summary>Up to here all are known.</summary>
        public Sequence End { get; private set; }

        /// <summary>Until then none becomes visible that isn't known.</summary>
        public long CompleteUntil { get; private set; }

        public void Begin(Sequence end, long completeUntil) => (End, CompleteUntil) = (end, completeUntil);

        public void Add(Sequence sequence, MessageId id)
        {
            if (sequence > End)
                return;
            places.Add((sequence, id.Value));
            if (places.Count <= most)
                return;
            places.Remove(places.Max);
            End = places.Max.Sequence;
        }

        public void Remove(Sequence sequence)
        {
            if (places.Count > 0 && places.Min.Sequence == sequence)
                places.Remove(places.Min);
        }

        /// <summary>Takes out the first few before a place.</summary>
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
    }
}

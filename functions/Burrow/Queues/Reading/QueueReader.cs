using System.Runtime.CompilerServices;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Reading;

/// <summary>
/// Goes through the messages of a queue in its order, up to the last that was put when it began. First the keys of the hidden
/// line that count, to their end; then the visible line: a message released in between moves from the one to the other, and
/// counts once. So nothing visible all the while is passed over.
/// </summary>
internal sealed class QueueReader(QueueContext context)
{
    /// <summary>How many places of the hidden line are kept in mind at a time; beyond that, it is read again.</summary>
    private const int MaxHidden = 100_000;

    /// <summary>How many of them are read at a time.</summary>
    private const int ReadAhead = 32;

    /// <summary>How often a page is read that took so long that the hidden line isn't known any more.</summary>
    private const int SlowReads = 3;

    private static readonly IReadOnlyList<string> Places = ["id", "seq"];

    /// <summary>The place that a selection begins after.</summary>
    public async Task<Sequence> FindStartAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken)
    {
        if (selection.After is { } after)
            return after;
        if (selection.Marker is not { } marker)
            return Sequence.None;
        return await ReadStateAsync(queue, marker, cancellationToken) is var (state, _) ? state.Sequence : Sequence.None;
    }

    /// <summary>The live messages after <paramref name="start"/>, up to the last that was put by now, in order, each once.</summary>
    /// <param name="queue">Whose.</param>
    /// <param name="start">The place before the first.</param>
    /// <param name="matchHidden">Hidden ones too.</param>
    /// <param name="wanted">How many will be taken, at most; null: perhaps all.</param>
    /// <param name="withBodies">Whether the body is wanted of those whose line row holds it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<MessageRow> ReadAllAsync(
        QueueAddress queue,
        Sequence start,
        bool matchHidden,
        int? wanted,
        bool withBodies,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var hidden = new HiddenPlaces(Math.Min(wanted ?? MaxHidden, MaxHidden));
        // The head stands before the hidden line, so the same request brings it. What is put later is left for later: of what is put
        // while the lines are read, only some would be found.
        var end = await ReadAsync(hidden, queue, QueueKeys.Head, start, Sequence.Last, matchHidden, cancellationToken) ?? Sequence.None;
        var (from, continuation) = (start, (string?)null);
        for (var tries = 0; start < end;)
        {
            if (!matchHidden && context.Now > hidden.CompleteUntil - TimeSpan.TicksPerSecond / 2)
                await ReadNewlyDueAsync();
            var query = new RowQuery(QueueKeys.Visible(new(from.Value + 1)), QueueKeys.Visible(new(end.Value + 1)))
            {
                Top = Math.Min(wanted ?? TableLimits.PageRows, TableLimits.PageRows),
                Select = withBodies ? null : MessageRow.WithoutBody,
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
            var pageEnd = page.Continuation is null ? end : page.Rows.Count > 0 ? QueueKeys.SequenceOf(page.Rows[^1].Key) : start;
            var passed = pageEnd < hidden.End ? pageEnd : hidden.End;
            var now = context.Now;
            foreach (var line in page.Rows.Select(MessageRow.From).TakeWhile(line => line.Sequence <= passed))
            {
                await foreach (var found in FindAllAsync(line.Sequence))
                    yield return found;
                hidden.Remove(line.Sequence);
                // Expired while it was read, or given more time in the meantime.
                if ((line.State.IsLive(now) ? line : await FindAsync(queue, line.Id, line.Sequence, matchHidden, cancellationToken)) is { } live)
                    yield return live;
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

        // From some time before: a process whose clock is behind hides until an instant that is past here.
        Task ReadNewlyDueAsync() => ReadAsync(
            hidden,
            queue,
            QueueKeys.HiddenDueBefore(hidden.CompleteUntil - TimeSpan.TicksPerSecond - Limits.ClockSkew.Ticks),
            start,
            hidden.End,
            matchHidden,
            cancellationToken);

        async IAsyncEnumerable<MessageRow> FindAllAsync(Sequence before)
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
    public async Task<MessageRow?> FindAsync(
        QueueAddress queue, MessageId id, Sequence sequence, bool matchHidden, CancellationToken cancellationToken)
    {
        // Visible before it was read, so it was when it was read: afterwards it may be another's claim.
        var now = context.Now;
        var line = await ReadAsync(queue, id, cancellationToken);
        return line is not null && line.Sequence == sequence && (matchHidden || line.State.IsVisible(now)) ? line : null;
    }

    /// <summary>What is known of a live message by its id alone, and that row's ETag; null if there is none.</summary>
    public async Task<(MessageState State, string ETag)?> ReadStateAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = context.Now;
            if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Index(id), cancellationToken) is not { } row)
                return null;
            var state = MessageState.From(row.Columns);
            if (state.IsLive(context.Now))
                return (state, row.ETag);
            if (!state.IsLive(asked))
                return null;
            // It expired while it was read, or was given more time in the meantime.
        }
    }

    /// <summary>A live message's row in line, by its id and of one change with its row by id; null if there is none.</summary>
    public async Task<MessageRow?> ReadAsync(QueueAddress queue, MessageId id, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            if (await ReadStateAsync(queue, id, cancellationToken) is not var (state, _))
                return null;

            // Not there, or another by now: it was changed in between. Its row by id says where it is.
            if (await context.Messages.GetAsync(queue.Partition, state.LineKey, cancellationToken) is { } row
                && MessageRow.From(row) is var line
                && line.State.Revisions == state.Revisions)
            {
                return line;
            }

            if (tries == Limits.MaxStableReadTries)
                throw new UnavailableException("The message is changed by others faster than it can be read.");
            await context.BackOffAsync(tries, cancellationToken);
        }
    }

    /// <summary>
    /// Adds the first places of the hidden line within a range. Those too that are due within a second: a hide lasts that long
    /// at least, so until then nothing is due that wasn't read.
    /// </summary>
    /// <returns>The last place in the queue, if the range holds its head; no later ones are added then.</returns>
    private async Task<Sequence?> ReadAsync(
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
        Sequence? last = null;
        RowPage page;
        do
        {
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            foreach (var row in page.Rows)
            {
                if (row.Key == QueueKeys.Head)
                    places.Begin(end = (last = new(row.Columns.GetInteger("seq"))).Value, places.CompleteUntil);
                else if (QueueKeys.SequenceOf(row.Key) is var sequence && sequence > start && sequence <= end)
                    places.Add(sequence, new(row.Columns.GetString("id")!));
            }

            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);

        return last;
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

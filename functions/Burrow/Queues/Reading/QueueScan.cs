using System.Runtime.CompilerServices;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Reading;

/// <summary>
/// One pass through a queue, from a place to the last message that was put when the pass began. It reads the hidden line first, and
/// then the visible line page by page. A message that is released meanwhile moves from the hidden to the visible line, and counts once.
/// So the pass misses no message that is visible during the whole pass (docs/design/list.md).
/// </summary>
internal sealed class QueueScan(
    QueueContext context,
    MessageFinder finder,
    QueueAddress queue,
    MessageSelection selection,
    int? wanted,
    bool withBodies,
    Action<QueueAddress, QueueHead> groupsUsed)
{
    /// <summary>
    /// How many places of the hidden line are in memory at a time. The pass reads the rest of a longer line when it needs it.
    /// </summary>
    private const int MaxHidden = 100_000;

    /// <summary>How many hidden messages are read at a time.</summary>
    private const int MaxParallelism = 32;

    /// <summary>How often a page is read at most, if each read takes so long that the hidden line is out of date.</summary>
    private const int MaxSlowReads = 3;

    /// <summary>From where the lanes were read again last.</summary>
    private Sequence? renewed;

    private readonly HiddenLine hidden = new(context, queue, selection.MatchHidden, Math.Min(wanted ?? MaxHidden, MaxHidden));

    public async IAsyncEnumerable<MessageRow> ReadAsync(Sequence start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Messages that are put later are left for the next pass: of several, this pass would find only some.
        var head = await hidden.ReadWithHeadAsync(start, cancellationToken);
        var withWaiting = selection.MatchWaiting && head.Lanes.HaveGroups;
        if (!selection.MatchWaiting && head.Lanes.HaveGroups)
            groupsUsed(queue, head);
        var line = new VisibleLine(
            context, queue, head.Lanes, withWaiting, head.Last, Math.Min(wanted ?? TableLimits.PageRows, TableLimits.PageRows), withBodies);
        var position = line.Start(start);
        while (start < head.Last)
        {
            var page = await ReadPageAsync(line, position, start, cancellationToken);
            var passed = page.Last < hidden.End ? page.Last : hidden.End;
            await foreach (var row in MergeAsync(page.Rows, passed, cancellationToken))
                yield return row;
            start = passed;
            if (passed < page.Last)
            {
                // The hidden line is longer than the part in memory. Read the next places, and the visible line from there on.
                await hidden.ReadAsync(start, head.Last, cancellationToken);
                position = line.Start(start);
            }
            else if (page.Next is { } next)
            {
                position = next;
            }
            else
            {
                yield break;
            }
        }
    }

    /// <summary>Reads a page of the visible line, with a hidden line that is complete for the whole time of the read.</summary>
    private async Task<VisibleLine.Page> ReadPageAsync(
        VisibleLine line, VisibleLine.Position position, Sequence start, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            if (!selection.MatchHidden && context.Now > hidden.CompleteUntil - TimeSpan.TicksPerSecond / 2)
            {
                // Meanwhile a message may have become visible that no read has found yet, in the part of a lane that was read before.
                // Once for each place: a pass that reads many expired rows between two pages must come to an end.
                if (context.Now > hidden.CompleteUntil && renewed != start)
                {
                    position = position.Anew(start);
                    renewed = start;
                }

                await hidden.ReadNewlyDueAsync(start, cancellationToken);
            }

            var page = await line.ReadAsync(position, WaitingReadAsync, cancellationToken);
            if (selection.MatchHidden)
            {
                // A claim may have hidden messages before this page was read.
                await hidden.ReadAsync(start, hidden.End, cancellationToken);
                return page;
            }

            if (context.Now <= hidden.CompleteUntil)
                return page;
            // A message that became visible meanwhile may have moved behind the pass: read both lines again. If each response of
            // storage takes a second, the pass may miss a message that moves at that moment.
            if (tries < MaxSlowReads)
                continue;
            await hidden.ReadNewlyDueAsync(start, cancellationToken);
            return page;
        }

        async Task WaitingReadAsync(IReadOnlyList<MessageRow> waiting)
        {
            // A message that waited when the hidden line was read may be there now, or may have come and gone.
            await (selection.MatchHidden
                ? hidden.ReadAsync(start, hidden.End, cancellationToken)
                : hidden.ReadNewlyDueAsync(start, cancellationToken));
            foreach (var row in waiting)
                hidden.Note(row.State);
        }
    }

    /// <summary>Returns the messages of a page and of the hidden line up to a place, in order.</summary>
    private async IAsyncEnumerable<MessageRow> MergeAsync(
        IReadOnlyList<MessageRow> page, Sequence passed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var now = context.Now;
        foreach (var row in page.TakeWhile(row => row.Sequence <= passed))
        {
            await foreach (var found in FindHiddenAsync(row.Sequence, cancellationToken))
                yield return found;
            hidden.Remove(row.Sequence);
            // The message may have expired during the read, or got a later expiry meanwhile.
            var live = row.State.IsLive(now) ? row : await finder.FindAsync(queue, row.Id, row.Sequence, selection, cancellationToken);
            if (live is not null)
                yield return live;
        }

        await foreach (var found in FindHiddenAsync(new(passed.Value + 1), cancellationToken))
            yield return found;
    }

    /// <summary>Reads the messages whose places in the hidden line are before a sequence, even if their rows have moved.</summary>
    private async IAsyncEnumerable<MessageRow> FindHiddenAsync(
        Sequence before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (hidden.Take(MaxParallelism, before) is { Count: > 0 } places)
        {
            var rows = await Task.WhenAll(places.Select(
                place => finder.FindAsync(queue, place.Id, place.Sequence, selection, cancellationToken)));
            foreach (var row in rows.OfType<MessageRow>())
                yield return row;
        }
    }
}

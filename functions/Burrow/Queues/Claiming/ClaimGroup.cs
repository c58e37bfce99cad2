using Burrow.Queues.Changing;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Telemetry;
using PendingClaim = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.Claiming.ClaimRequest, Burrow.Queues.MessageList>;

namespace Burrow.Queues.Claiming;

/// <summary>
/// Serves the claims, or takes, of one kind that wait together on one queue. It reads the front of the queue once, and commits one
/// transaction for some 20 to 30 messages, however long the queue is and however many messages are in flight (docs/design/claim.md).
/// </summary>
internal sealed class ClaimGroup(
    QueueContext context, MessageFinder finder, Transactions transactions, QueueAddress queue, ClaimKind kind, Action manyDue)
{
    /// <summary>Messages that one pass claims at most.</summary>
    public const int MaxMessages = TableLimits.PageRows;

    /// <summary>How many more messages a pass reads than it wants, to go on with after a conflict.</summary>
    private const int SpareMessages = 8;

    /// <summary>
    /// Messages read whose hide has ended. Their rows are ordered by that instant; so many at least are put in the queue's order.
    /// </summary>
    private const int DuePageSize = 100;

    private const int MaxConflictsPerPass = 2;

    private readonly bool withBodies = kind.Detail.ShowsBody;

    public async Task ServeAsync(IReadOnlyList<PendingClaim> group)
    {
        var claim = new Progress([.. group.Select(pending => new ClaimShare(pending))]);
        var isUnknown = false;
        long? firstConflict = null;
        for (var tries = 0; ; tries++)
        {
            PassResult result;
            try
            {
                result = await RunPassAsync(claim);
            }
            catch (TableUnavailableException)
            {
                // What was claimed before is answered.
                result = PassResult.Failed;
            }

            isUnknown |= result == PassResult.Failed;
            // Only a pass without a conflict proves that no message is there. After a failure, no more messages are put at risk.
            if (result != PassResult.Conflict || claim.Shares.All(share => share.IsFull))
                break;
            Instruments.ClaimConflicts.Add(1);
            // Counted from the first conflict: slow storage is none.
            firstConflict ??= context.Time.GetTimestamp();
            if (context.Time.GetElapsedTime(firstConflict.Value) > QueueLimits.ConflictTime)
            {
                isUnknown = true;
                break;
            }

            await context.BackOffAsync(tries, CancellationToken.None);
        }

        foreach (var share in claim.Shares)
            share.Complete(isUnknown);
    }

    /// <summary>Reads the front of the queue and claims from it, until the shares are full, the front is used up or conflicts end the pass.</summary>
    private async Task<PassResult> RunPassAsync(Progress claim)
    {
        var front = new Queue<MessageRow>(await ReadCandidatesAsync(claim));
        var (isConflict, conflicts) = (false, 0);
        while (claim.Wanted > 0 && front.Count > 0 && conflicts < MaxConflictsPerPass)
        {
            var (dealt, isChanged) = await DealAsync(claim, front);
            isConflict |= isChanged;
            if (dealt.Count == 0)
                break;
            var outcomes = await CommitAsync(claim, dealt);
            foreach (var share in claim.Shares.Where(share => share.IsFull))
                share.Complete(isUnknown: false);

            if (outcomes.Contains(CommitOutcome.Unknown))
                return PassResult.Failed;
            if (outcomes.All(outcome => outcome == CommitOutcome.Done))
                continue;
            isConflict = true;
            conflicts++;
            // A pass goes on behind a message that another request claimed. It must not pass over any other: one whose transaction
            // was aborted, or one that the timer may have moved from the hidden to the visible line.
            claim.Owed.UnionWith(dealt
                .Where(
                    (part, i) => outcomes[i] == CommitOutcome.Aborted
                        || (outcomes[i] == CommitOutcome.Conflict && part.Row.State.VisibleAt > 0))
                .Select(part => part.Row.Sequence));
            if (claim.Owed.Count > 0)
                break;
        }

        return isConflict ? PassResult.Conflict : PassResult.Done;
    }

    private async Task<IEnumerable<MessageRow>> ReadCandidatesAsync(Progress claim)
    {
        var rows = await ReadFrontAsync(claim.Wanted);
        // What this group claimed before may be visible again by now.
        rows.RemoveAll(row => claim.Claimed.Contains(row.Sequence));
        return claim.Owed.Count == 0 ? rows : rows.OrderBy(row => !claim.Owed.Contains(row.Sequence));
    }

    /// <summary>
    /// Deals messages of the front to the shares, and reads their bodies: a body that can't be read belongs to a message that another
    /// request is changing. One answer's bytes at a time, so that no share waits until all bodies are read.
    /// </summary>
    private async Task<(List<Candidate> Dealt, bool IsChanged)> DealAsync(Progress claim, Queue<MessageRow> front)
    {
        var dealt = new List<Candidate>();
        var isChanged = false;
        long bytes = 0;
        foreach (var share in claim.Shares)
        {
            for (var room = share.Wanted; room > 0 && bytes < QueueLimits.AnswerBytes && front.TryPeek(out var row);)
            {
                var (isThere, body) = await finder.ReadBodyAsync(queue, row, withBodies, CancellationToken.None);
                // It may have expired during the reads.
                if (!isThere || !row.State.IsLive(context.Now))
                {
                    isChanged |= !isThere;
                    front.Dequeue();
                    continue;
                }

                var size = AnswerSize.Of(row, body);
                if (!share.TryReserve(size))
                    break;
                front.Dequeue();
                dealt.Add(new(share, row, body, size));
                bytes += size;
                room--;
            }
        }

        return (dealt, isChanged);
    }

    private async Task<CommitOutcome[]> CommitAsync(Progress claim, List<Candidate> dealt)
    {
        var now = context.Now;
        var writes = dealt.ConvertAll(part => kind.Remove
            ? MessageWrite.Remove(part.Row)
            : MessageWrite.Update(part.Row, part.Row.State.With(kind.Attributes, delivers: true, now, context.Random)));
        var outcomes = await transactions.CommitAllAsync(queue, writes, CancellationToken.None);
        for (var i = 0; i < outcomes.Length; i++)
        {
            var (share, row, body, size) = dealt[i];
            if (outcomes[i] != CommitOutcome.Done)
            {
                share.Release(size);
                continue;
            }

            claim.Claimed.Add(row.Sequence);
            share.Add((writes[i].After ?? row.State).ToMessage(row, body, now));
        }

        return outcomes;
    }

    /// <summary>
    /// The first visible messages. First those of the hidden line that are due, then the visible line, as a message that is released
    /// between the two reads moves from the one to the other; then both merged.
    /// </summary>
    private async Task<List<MessageRow>> ReadFrontAsync(int wanted)
    {
        var now = context.Now;
        var top = Math.Min(wanted + SpareMessages, MaxMessages);
        var (due, more) = await ReadFirstAsync(QueueKeys.HiddenFrom, QueueKeys.HiddenDueBefore(now), Math.Max(top, DuePageSize), now);
        if (more)
            manyDue();
        var (visible, moreVisible) = await ReadFirstAsync(QueueKeys.VisibleFrom, QueueKeys.VisibleBefore, top, now);
        // Behind the end of the page of the visible line there may be messages that come first.
        if (moreVisible && visible.Count > 0)
            due.RemoveAll(row => row.Sequence > visible[^1].Sequence);
        // A message in both, or deleted and put anew between the reads, counts as it was read last.
        return
        [
            .. visible.AsEnumerable().Reverse().Concat(due.AsEnumerable().Reverse()).DistinctBy(row => row.Id).OrderBy(row => row.Sequence),
        ];
    }

    private async Task<(List<MessageRow> Rows, bool More)> ReadFirstAsync(string from, string before, int top, long now)
    {
        var query = new RowQuery(from, before)
        {
            Top = top,
            Select = withBodies || !kind.Remove ? null : MessageColumns.WithoutBody,
            Above = (MessageColumns.ExpiresAt, now),
        };
        var (rows, more) = await context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
        return (rows.ConvertAll(MessageRow.From), more);
    }

    /// <summary>How a pass ended.</summary>
    private enum PassResult
    {
        /// <summary>Without a conflict: what it did not find is not there.</summary>
        Done,

        /// <summary>Other requests were faster with some messages: another pass may find more.</summary>
        Conflict,

        /// <summary>Storage failed: what was claimed is partly unknown.</summary>
        Failed,
    }

    /// <summary>A message that is about to be claimed for a share.</summary>
    private sealed record Candidate(ClaimShare Share, MessageRow Row, byte[]? Body, long Size);

    /// <summary>What the passes for one group have claimed so far.</summary>
    private sealed class Progress(List<ClaimShare> shares)
    {
        public List<ClaimShare> Shares => shares;

        /// <summary>How many more messages are wanted.</summary>
        public int Wanted => shares.Sum(share => share.Wanted);

        /// <summary>Messages claimed by earlier passes.</summary>
        public HashSet<Sequence> Claimed { get; } = [];

        /// <summary>Messages that an earlier pass left behind although no other request has them: they come first in the next.</summary>
        public HashSet<Sequence> Owed { get; } = [];
    }
}

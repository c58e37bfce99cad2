using Burrow.Queues.Changing;
using Burrow.Queues.Policies;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Telemetry;
using PendingClaim = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.Claiming.ClaimRequest, Burrow.Queues.MessageList>;

namespace Burrow.Queues.Claiming;

/// <summary>
/// Serves the claims, or takes, of one kind that wait together on one queue. It reads the front of the queue once. It commits one
/// transaction for some 20 to 50 messages. Neither the length of the queue nor the number of messages in flight changes that
/// (docs/design/claim.md).
/// </summary>
internal sealed class ClaimGroup(
    QueueContext context,
    MessageFinder finder,
    Transactions transactions,
    QueuePolicies policies,
    QueueAddress queue,
    ClaimKind kind,
    Action manyDue,
    Action someMayHaveEnded,
    Action<QueueHead, QueuePolicy> groupsUsed)
{
    /// <summary>How many messages one pass claims at most.</summary>
    public const int MaxMessages = TableLimits.PageRows;

    /// <summary>How many more messages a pass reads than it wants. After a conflict, it continues with these.</summary>
    private const int SpareMessages = 8;

    /// <summary>
    /// The smallest page of messages whose hide has ended. Their rows are ordered by the end of the hide, so a pass reads at least
    /// this many and sorts them into the queue's order.
    /// </summary>
    private const int DuePageSize = 100;

    private const int MaxConflictsPerPass = 2;

    /// <summary>The order in which messages are handed out: by priority, the highest first, and then as they were put.</summary>
    private static readonly Comparer<MessageRow> ByTurn = Comparer<MessageRow>.Create((a, b) =>
        a.State.Priority != b.State.Priority ? b.State.Priority.CompareTo(a.State.Priority) : a.Sequence.CompareTo(b.Sequence));

    private readonly bool withBodies = kind.Detail.ShowsBody;

    public async Task ServeAsync(IReadOnlyList<PendingClaim> group)
    {
        var claim = new Progress([.. group.Select(pending => new ClaimShare(pending, kind.Detail))]);
        var end = await RunAsync(claim);
        // Nothing may fail between the last transaction and this: a take has no other answer.
        foreach (var share in claim.Shares)
            share.Complete(end);
        var policy = await policies.OfAsync(queue);
        // Where anybody claims, what died by time is noticed within some seconds, and what expired in front of its group. No claim waits
        // for that.
        if (claim.Head.Lanes.HaveGroups || (!kind.Remove && policy.MaxDeliveries is not null))
            someMayHaveEnded();
        if (claim.Head.Lanes.HaveGroups)
            groupsUsed(claim.Head, policy);
    }

    /// <summary>Runs passes until the shares are full, no message is left, or the time is up.</summary>
    private async Task<PassResult> RunAsync(Progress claim)
    {
        var begun = context.Time.GetTimestamp();
        long? firstConflict = null;
        for (var conflicts = 0; ;)
        {
            var before = claim.Claimed.Count;
            PassResult result;
            try
            {
                result = await RunPassAsync(claim);
            }
            catch (TableUnavailableException)
            {
                // The messages that were claimed before are still returned.
                result = PassResult.Failed;
            }

            if (claim.Shares.All(share => share.IsFull))
                return result == PassResult.Failed ? result : PassResult.Done;
            if (result == PassResult.More)
            {
                // A large claim takes several passes, each behind what the ones before it claimed.
                if (claim.Claimed.Count == before || IsOver(begun) || claim.Shares.All(share => share.IsFull || share.IsCancelled))
                    return result;
                continue;
            }

            // Only a pass without a conflict proves that there is no other message. After a failure, no more messages are put at risk.
            if (result != PassResult.Conflict)
                return result;
            Instruments.ClaimConflicts.Add(1);
            // The time counts from the first conflict: slow storage is not a conflict.
            firstConflict ??= context.Time.GetTimestamp();
            if (context.Time.GetElapsedTime(firstConflict.Value) > QueueLimits.ConflictTime)
                return result;
            await context.BackOffAsync(conflicts++, CancellationToken.None);
        }
    }

    /// <summary>Whether no further pass may begin: it takes too long, or the hides of the first messages would soon be over.</summary>
    private bool IsOver(long begun)
    {
        var elapsed = context.Time.GetElapsedTime(begun);
        return elapsed > QueueLimits.BulkChangeTime || (!kind.Remove && elapsed > TimeSpan.FromSeconds(kind.Attributes.Hide!.Value / 2.0));
    }

    /// <summary>
    /// Reads the front of the queue and claims from it, until the shares are full, no message of the front is left, or conflicts end
    /// the pass.
    /// </summary>
    private async Task<PassResult> RunPassAsync(Progress claim)
    {
        // The policy may have changed since the request came, or since the pass before.
        if (kind.HandsOut && (await policies.OfAsync(queue)).Paused)
            return PassResult.Paused;
        var (candidates, isCut) = await ReadCandidatesAsync(claim);
        if (!kind.HandsOut && claim.Head.Lanes.HaveGroups)
            return PassResult.Groups;
        var front = new Queue<MessageRow>(candidates);
        var (isConflict, conflicts) = (false, 0);
        while (claim.Wanted > 0 && front.Count > 0 && conflicts < MaxConflictsPerPass)
        {
            var (dealt, isChanged) = await DealAsync(claim, front);
            isConflict |= isChanged;
            if (dealt.Count == 0)
                break;
            var outcomes = await CommitAsync(claim, dealt);
            foreach (var share in claim.Shares.Where(share => share.IsFull))
                share.Complete(PassResult.Done);

            if (outcomes.Contains(CommitOutcome.Unknown))
                return PassResult.Failed;
            if (outcomes.All(outcome => outcome == CommitOutcome.Done))
                continue;
            isConflict = true;
            conflicts++;
            // A pass continues behind a message that another request claimed. It must not skip any other message: one whose
            // transaction was aborted, or one that the timer may have moved from the hidden to the visible line.
            claim.TryFirst.UnionWith(dealt
                .Where(
                    (part, i) => outcomes[i] == CommitOutcome.Aborted
                        || (outcomes[i] == CommitOutcome.Conflict && part.Row.State.VisibleAt > 0))
                .Select(part => part.Row.Sequence));
            if (claim.TryFirst.Count > 0)
                break;
        }

        if (isConflict)
            return PassResult.Conflict;
        return isCut && claim.Wanted > 0 ? PassResult.More : PassResult.Done;
    }

    /// <returns>The messages to claim, and whether there may be more behind them.</returns>
    private async Task<(IEnumerable<MessageRow> Rows, bool IsCut)> ReadCandidatesAsync(Progress claim)
    {
        var (rows, isCut) = await ReadFrontAsync(claim);
        // A message that this group claimed before may be visible again already.
        rows.RemoveAll(row => claim.Claimed.Contains(row.Sequence));
        return (claim.TryFirst.Count == 0 ? rows : rows.OrderBy(row => !claim.TryFirst.Contains(row.Sequence)), isCut);
    }

    /// <summary>
    /// Assigns messages of the front to the shares, and reads their bodies. If a body cannot be read, another request is changing its
    /// message. One call assigns at most the bytes of one answer, so that no share waits until all bodies are read.
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
                // The message may have expired during the reads.
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
        var policy = kind.Remove ? QueuePolicy.None : await policies.OfAsync(queue);
        var now = context.Now;
        var writes = dealt.ConvertAll(part => kind.Remove
            ? MessageWrite.Remove(part.Row)
            : MessageWrite.Update(part.Row, part.Row.State.With(kind.Attributes, delivers: true, policy, now, context.Random)));
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
            if (Instruments.ClaimedByPriority.Enabled)
                Instruments.ClaimedByPriority.Add(1, new KeyValuePair<string, object?>("burrow.priority", row.State.Priority));
            share.Add((writes[i].After ?? row.State).ToMessage(row, body, now));
        }

        return outcomes;
    }

    /// <summary>
    /// Reads the first visible messages, in their turn. The visible line begins with the highest priority. It reads the due messages of
    /// the hidden line first, and then the visible line. The reason: a message that is released between the two reads moves from the
    /// hidden to the visible line. Then it merges both. The head, which stands right before the hidden line, comes with it.
    /// </summary>
    private async Task<(List<MessageRow> Rows, bool IsCut)> ReadFrontAsync(Progress claim)
    {
        var now = context.Now;
        var top = Math.Min(claim.Wanted, MaxMessages - SpareMessages) + SpareMessages;
        var (hidden, more) = await ReadFirstAsync(
            QueueKeys.Head, QueueKeys.HiddenDueBefore(now), Math.Min(Math.Max(top, DuePageSize) + 1, TableLimits.PageRows), now);
        if (more)
            manyDue();
        if (hidden.Count > 0 && hidden[0].Key == QueueKeys.Head)
        {
            claim.Head = QueueHead.From(hidden[0]);
            hidden.RemoveAt(0);
        }

        var due = hidden.ConvertAll(MessageRow.From);
        var (front, moreVisible) = await ReadFirstAsync(QueueKeys.VisibleFrom, QueueKeys.VisibleBefore, top, now);
        var visible = front.ConvertAll(MessageRow.From);
        // After the end of this page, the visible line may hold messages that come before some of the due ones.
        if (moreVisible && visible.Count > 0)
            due.RemoveAll(row => ByTurn.Compare(row, visible[^1]) > 0);
        // A message may be in both lines, or be deleted and put again between the reads. Then the later read counts.
        return (
            [.. visible.AsEnumerable().Reverse().Concat(due.AsEnumerable().Reverse()).DistinctBy(row => row.Id).Order(ByTurn)],
            more || moreVisible);
    }

    private Task<(List<Row> Rows, bool More)> ReadFirstAsync(string from, string before, int top, long now)
    {
        var query = new RowQuery(from, before)
        {
            Top = top,
            Select = withBodies || !kind.Remove ? null : MessageColumns.WithoutBody,
            Above = (MessageColumns.ExpiresAt, now),
        };
        return context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
    }

    /// <summary>A message that is about to be claimed for a share.</summary>
    private sealed record Candidate(ClaimShare Share, MessageRow Row, byte[]? Body, long Size);

    /// <summary>The progress of the passes for one group.</summary>
    private sealed class Progress(List<ClaimShare> shares)
    {
        public List<ClaimShare> Shares => shares;

        /// <summary>How many more messages the shares want.</summary>
        public int Wanted => (int)Math.Min(shares.Sum(share => (long)share.Wanted), int.MaxValue);

        /// <summary>The queue's head as the last pass read it.</summary>
        public QueueHead Head { get; set; } = QueueHead.Missing;

        /// <summary>The messages that earlier passes claimed.</summary>
        public HashSet<Sequence> Claimed { get; } = [];

        /// <summary>Messages that an earlier pass left although no other request has them. The next pass tries them first.</summary>
        public HashSet<Sequence> TryFirst { get; } = [];
    }
}

using Burrow.Queues.Changing;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Telemetry;
using PendingClaim = Burrow.Queues.Scheduling.PendingRequest<Burrow.Queues.Claiming.ClaimRequest, Burrow.Queues.MessageList>;

namespace Burrow.Queues.Claiming;

/// <summary>
/// Serves the claims, or takes, of one kind on a queue that wait together: one look at the front of the line, one transaction
/// for some twenty to thirty messages, whatever the queue's length and however much is in flight.
/// </summary>
internal sealed class ClaimGroup(
    QueueContext context, Transactions transactions, QueueAddress queue, ClaimKind kind, Action manyDue)
{
    /// <summary>Messages that one look is for.</summary>
    public const int Max = TableLimits.PageRows;

    /// <summary>How many more are looked at than wanted, to go on with where others were ahead.</summary>
    private const int Spare = 8;

    /// <summary>A page of leases that ran out; as they stand by that instant, so many are put in the queue's order.</summary>
    private const int DuePageSize = 100;

    private const int ConflictsPerLook = 2;

    private readonly bool withBodies = kind.Detail.ShowsBody;

    public async Task ServeAsync(IReadOnlyList<PendingClaim> group)
    {
        var shares = group.Select(pending => new Share(pending)).ToList();
        var unknown = false;
        long? begun = null;
        var (taken, owed) = (new HashSet<Sequence>(), new HashSet<Sequence>());
        for (var tries = 0; ; tries++)
        {
            bool conflict, failed;
            try
            {
                (conflict, failed) = await ClaimOnceAsync(shares, taken, owed);
            }
            catch (TableUnavailableException)
            {
                // What was taken before is answered.
                (conflict, failed) = (true, true);
            }

            unknown |= failed;
            // Without a conflict, what is not there is not there. After a failure, no more is put at stake.
            if (!conflict || failed || shares.All(share => share.IsFull))
                break;
            Instruments.ClaimConflicts.Add(1);
            // From the first conflict: that storage is slow is none.
            begun ??= context.Time.GetTimestamp();
            if (context.Time.GetElapsedTime(begun.Value) > Limits.ConflictTime)
            {
                unknown = true;
                break;
            }

            await context.BackOffAsync(tries, CancellationToken.None);
        }

        foreach (var share in shares)
            share.Complete(unknown);
    }

    /// <param name="shares">Who gets what is taken.</param>
    /// <param name="taken">What was before, which may be visible again by now.</param>
    /// <param name="owed">What was passed over before though no other request may have had it: comes first now.</param>
    private async Task<(bool Conflict, bool Failed)> ClaimOnceAsync(List<Share> shares, HashSet<Sequence> taken, HashSet<Sequence> owed)
    {
        var wanted = shares.Sum(share => share.Wanted);
        var line = await ReadFrontAsync(wanted);
        line.RemoveAll(candidate => taken.Contains(candidate.Sequence));
        if (owed.Count > 0)
            line = [.. line.OrderBy(candidate => !owed.Contains(candidate.Sequence))];
        var (next, conflicts) = (0, 0);
        var conflict = false;
        while (wanted > 0 && next < line.Count && conflicts < ConflictsPerLook)
        {
            var dealt = new List<(Share Share, MessageRow Line, byte[]? Body, long Size)>();
            long bytes = 0;
            foreach (var share in shares)
            {
                // So much at a time: who is served last shouldn't find that all was taken while bodies were read.
                for (var room = share.Wanted; room > 0 && next < line.Count && bytes < Limits.AnswerBytes; next++)
                {
                    // Before anything is changed: a body that can't be read is of a message that somebody changes.
                    var body = withBodies
                        ? await BodyChunks.ReadAsync(context.Messages, queue.Partition, line[next], CancellationToken.None)
                        : null;
                    if (withBodies && body is null)
                    {
                        conflict = true;
                        continue;
                    }

                    // It may have expired while it was read, or before, as storage was slow.
                    if (!line[next].State.IsLive(context.Now))
                        continue;
                    var size = AnswerSize.Of(line[next], body);
                    if (!share.Reserve(size))
                        break;
                    dealt.Add((share, line[next], body, size));
                    bytes += size;
                    room--;
                }
            }

            if (dealt.Count == 0)
                break;
            var now = context.Now;
            var writes = dealt.ConvertAll(part => kind.Remove
                ? MessageWrite.Remove(part.Line)
                : MessageWrite.Update(part.Line, kind.Attributes.ApplyTo(part.Line.State, delivers: true, now, context.Random)));
            var outcomes = await transactions.CommitAllAsync(queue, writes, CancellationToken.None);
            for (var i = 0; i < outcomes.Length; i++)
            {
                var (share, message, body, size) = dealt[i];
                if (outcomes[i] != CommitOutcome.Done)
                {
                    share.Release(size);
                    continue;
                }

                taken.Add(message.Sequence);
                share.Add(Message.From(writes[i].After ?? message.State, message, body, now));
            }

            foreach (var share in shares.Where(share => share.IsFull))
                share.Complete(unknown: false);

            if (outcomes.Contains(CommitOutcome.Unknown))
                return (true, true);
            wanted = shares.Sum(share => share.Wanted);
            if (outcomes.All(outcome => outcome == CommitOutcome.Done))
                continue;
            conflict = true;
            conflicts++;
            // Only what another request has is passed over. The timer may have moved this one, or it was in bad company.
            owed.UnionWith(dealt
                .Where((part, i) => outcomes[i] == CommitOutcome.Aborted || (outcomes[i] == CommitOutcome.Conflict && part.Line.State.VisibleAt > 0))
                .Select(part => part.Line.Sequence));
            if (owed.Count > 0)
                break;
        }

        return (conflict, false);
    }

    /// <summary>
    /// The first visible messages: what of the hidden line is due, then the visible line (a message released in between moves
    /// from the one to the other), merged.
    /// </summary>
    private async Task<List<MessageRow>> ReadFrontAsync(int wanted)
    {
        var now = context.Now;
        var top = Math.Min(wanted + Spare, Max);
        var (due, more) = await ReadFirstAsync(QueueKeys.HiddenFrom, QueueKeys.HiddenDueBefore(now), Math.Max(top, DuePageSize), now);
        if (more)
            manyDue();
        var (visible, moreVisible) = await ReadFirstAsync(QueueKeys.VisibleFrom, QueueKeys.VisibleBefore, top, now);
        // Behind the end of the page there are visible ones that come first.
        if (moreVisible && visible.Count > 0)
            due.RemoveAll(line => line.Sequence > visible[^1].Sequence);
        // As it was read last, of one that was released, or deleted and put anew, in between.
        return [.. visible.AsEnumerable().Reverse().Concat(due.AsEnumerable().Reverse()).DistinctBy(line => line.Id).OrderBy(line => line.Sequence)];
    }

    private async Task<(List<MessageRow> Lines, bool More)> ReadFirstAsync(string from, string before, int top, long now)
    {
        var query = new RowQuery(from, before)
        {
            Top = top,
            Select = withBodies || !kind.Remove ? null : MessageRow.WithoutBody,
            Above = (MessageState.ExpiresColumn, now),
        };
        var (rows, more) = await context.Messages.QueryFirstAsync(queue.Partition, query, CancellationToken.None);
        return (rows.ConvertAll(MessageRow.From), more);
    }

    /// <summary>What one request gets of what is taken for all.</summary>
    private sealed class Share(PendingClaim pending)
    {
        private readonly List<Message> messages = [];
        private long bytes;
        private bool cut;
        private bool completed;

        public int Wanted => cut ? 0 : pending.Request.Limit - messages.Count;

        public bool IsFull => Wanted == 0;

        /// <summary>Gives back the room of a message that somebody else got.</summary>
        public void Release(long size)
        {
            bytes -= size;
            cut = false;
        }

        /// <summary>Makes room for a message; false if the answer would be too large with it, and it takes no more.</summary>
        public bool Reserve(long size)
        {
            if (bytes > 0 && bytes + size > Limits.AnswerBytes)
            {
                cut = true;
                return false;
            }

            bytes += size;
            return true;
        }

        public void Add(Message message) => messages.Add(message);

        /// <summary>Answers, once, with what is certain.</summary>
        /// <param name="unknown">More may have happened, or was to be had: 503 if nothing is certain, else there is more.</param>
        public void Complete(bool unknown)
        {
            // The list is the caller's from then on.
            if (completed)
                return;
            completed = true;
            if (messages.Count == 0 && unknown)
            {
                pending.Fail(new UnavailableException("Storage failed while messages were taken; which were can't be told."));
                return;
            }

            messages.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
            pending.Complete(messages.Count == 0 ? MessageList.Empty : new()
            {
                Messages = messages,
                Count = messages.Count,
                Last = messages[^1].Sequence,
                More = cut || unknown,
            });
        }
    }
}

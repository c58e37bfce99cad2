using System.Runtime.CompilerServices;
using Burrow.Queues.Policies;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Changing;

/// <summary>
/// Changes all messages of a queue that match, in one pass. The pass ends at the last message that was put before it began. It serves
/// updates and deletes with a marker, with hidden messages or without a limit, those that leave the messages in line, and all changes of
/// dead messages. Claims are served in groups instead.
/// </summary>
internal sealed class BulkChange(
    QueueContext context, QueueReader reader, MessageFinder finder, Transactions transactions, Burial burial, QueuePolicies policies)
{
    /// <summary>How many messages are changed at a time.</summary>
    private const int BatchSize = 100;

    /// <param name="queue">The queue.</param>
    /// <param name="selection">Which messages to change, and what the answer shows of them.</param>
    /// <param name="change">What to do.</param>
    /// <param name="handsOut">Whether a client gets the messages, so that the pass ends when the queue is paused.</param>
    /// <param name="cancellationToken">Ends the pass between two transactions.</param>
    /// <exception cref="UnavailableException">Storage failed or conflicts lasted too long, and it is unknown what was changed.</exception>
    public async Task<MessageList> ChangeAsync(
        QueueAddress queue, MessageSelection selection, MessageChange change, bool handsOut, CancellationToken cancellationToken)
    {
        selection = selection with { Which = change.Which };
        var start = await reader.FindStartAsync(queue, selection, cancellationToken);
        var pass = new Pass(queue, selection, change, handsOut);
        // If the answer shows no order, the scan reads the rows by id. Those never move, so it misses no message.
        var rows = selection is { MatchHidden: true, Limit: null } && !pass.ShowsMessages && start == Sequence.None
            ? ScanByIdAsync(queue, selection, cancellationToken)
            : reader.ReadAllAsync(
                queue, selection, start, pass.Wanted, withBodies: !change.NeedsNoLine || pass.ShowsMessages, cancellationToken);

        try
        {
            await ChangeAllAsync(pass, rows, cancellationToken);
        }
        catch (Exception e) when (
            e is TableUnavailableException or UnavailableException or OperationCanceledException && pass.Answer.Count > 0)
        {
            // The answer says what was changed. The client sends another request for the rest. A take has no other answer.
            pass.More = true;
        }

        // Between the caller's look and this pass, the queue may have been paused.
        return pass is { IsPaused: true, Answer.Count: 0, IsUnknown: false } ? MessageList.OfPaused : pass.Complete();
    }

    private async Task ChangeAllAsync(Pass pass, IAsyncEnumerable<MessageRow> rows, CancellationToken cancellationToken)
    {
        var begun = context.Time.GetTimestamp();
        var batch = new List<MessageRow>();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            if (pass.Answer.IsFull)
            {
                pass.More = !pass.IsAsked || pass.Answer.IsCut;
                break;
            }

            batch.Add(row);
            if (batch.Count < Math.Min(BatchSize, pass.Answer.Wanted))
                continue;
            await ChangeBatchAsync(pass, batch, cancellationToken);
            batch.Clear();
            // When the answer has as many messages as the request asked for, it does not matter whether there are more.
            if (pass.IsUnknown || pass.More || (pass.Answer.Count == pass.Max && pass.IsAsked))
                break;
            if (context.Time.GetElapsedTime(begun) > QueueLimits.BulkChangeTime)
            {
                pass.More = true;
                break;
            }
        }

        if (!pass.IsUnknown && !pass.Answer.IsFull && !pass.More)
            await ChangeBatchAsync(pass, batch, cancellationToken);
    }

    /// <summary>
    /// Changes a batch of messages, in order, as far as the answer has room. After a conflict, a message is read again, and changed if
    /// it still matches.
    /// </summary>
    private async Task ChangeBatchAsync(Pass pass, List<MessageRow> batch, CancellationToken cancellationToken)
    {
        long? firstConflict = null;
        for (var tries = 0; batch.Count > 0; tries++)
        {
            // A pass may take long, and a change of the policy holds within seconds.
            var policy = pass.Change.NeedsPolicy || pass.HandsOut ? await policies.OfAsync(pass.Queue) : QueuePolicy.None;
            if (pass.HandsOut && policy.Paused)
            {
                (pass.IsPaused, pass.More) = (true, true);
                return;
            }

            var (now, changes, again) = await PlanAsync(pass, batch, policy, cancellationToken);
            if (changes.Count == 0 && again.Count == 0)
                return;
            batch.RemoveRange(0, changes.Count + again.Count);
            // Not cancelled: some of the transactions may be carried out already, and the answer must have their messages.
            var outcomes = await transactions.CommitAllAsync(pass.Queue, changes.ConvertAll(part => part.Write), CancellationToken.None);
            for (var i = 0; i < outcomes.Length; i++)
            {
                var (write, row, body, size) = changes[i];
                if (outcomes[i] == CommitOutcome.Done)
                {
                    pass.Answer.Add(write.ToMessage(row, body, now));
                    continue;
                }

                pass.Answer.Release(size);
                if (outcomes[i] == CommitOutcome.Unknown)
                    pass.IsUnknown = true;
                else
                    again.Add(row);
            }

            if (pass.IsUnknown)
                return;
            if (again.Count == 0)
                continue;
            // The time counts from the first conflict: slow storage is not a conflict.
            firstConflict ??= context.Time.GetTimestamp();
            if (context.Time.GetElapsedTime(firstConflict.Value) > QueueLimits.ConflictTime)
            {
                pass.IsUnknown = true;
                return;
            }

            await context.BackOffAsync(tries, cancellationToken);
            var found = await Task.WhenAll(again.Select(row => FindAgainAsync(pass, row, cancellationToken)));
            batch.InsertRange(0, found.OfType<MessageRow>().OrderBy(row => row.Sequence));
        }
    }

    /// <summary>Reads a message once more. If it died by time, it is buried before, and then found among the dead ones only.</summary>
    private async Task<MessageRow?> FindAgainAsync(Pass pass, MessageRow row, CancellationToken cancellationToken)
    {
        if (row.State.IsUnburied(context.Now))
            await burial.BuryAsync(pass.Queue, row.State, cancellationToken);
        return await finder.FindAsync(pass.Queue, row.Id, row.Sequence, pass.Selection, cancellationToken);
    }

    /// <summary>Plans the changes of the first messages that the answer has room for.</summary>
    /// <returns>
    /// The clock by which they are planned, the changes, and messages to read again: those that expired or died since they were read, and
    /// one whose body was replaced. No message after that one is planned.
    /// </returns>
    private async Task<(long Now, List<PlannedChange> Changes, List<MessageRow> Again)> PlanAsync(
        Pass pass, List<MessageRow> batch, QueuePolicy policy, CancellationToken cancellationToken)
    {
        var read = new List<(MessageRow Row, byte[]? Body, long Size)>();
        var again = new List<MessageRow>();
        foreach (var row in batch)
        {
            var (isThere, body) = await finder.ReadBodyAsync(pass.Queue, row, pass.Selection.WithBodies, cancellationToken);
            if (!isThere)
            {
                again.Add(row);
                break;
            }

            var size = AnswerSize.Of(row, body);
            // A message before the last one of the answer must be in the answer: a client that continues after the last would miss it.
            if (!pass.Answer.TryReserve(size, always: row.Sequence < pass.Answer.Last))
                break;
            read.Add((row, body, size));
        }

        // Read after the bodies: a message that expired or died meanwhile stays so, because other processes may have seen that.
        var now = context.Now;
        var changes = new List<PlannedChange>();
        foreach (var (row, body, size) in read)
        {
            if (row.State.IsUnburied(now) || (row.State.LifeAt(now) & pass.Change.Which) == 0)
            {
                pass.Answer.Release(size);
                again.Add(row);
            }
            else
            {
                // Only an outcome has nothing to change, and none comes here.
                changes.Add(new(pass.Change.WriteOf(row, policy, now, now, context)!, row, body, size));
            }
        }

        return (now, changes, again);
    }

    private async IAsyncEnumerable<MessageRow> ScanByIdAsync(
        QueueAddress queue, MessageSelection selection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = (await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken)).Last;
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore)
        {
            Top = BatchSize,
            Select = MessageColumns.OfPlace,
            Above = (MessageColumns.ExpiresAt, context.Now),
        };
        await foreach (var page in context.Messages.QueryPagesAsync(queue.Partition, query, cancellationToken))
        {
            var found = await Task.WhenAll(page.Rows
                .Select(
                    row => (Id: new MessageId(row.Columns.GetString(MessageColumns.Id)!), Sequence: StateText.SequenceOf(row.Columns)))
                .Where(message => message.Sequence <= end)
                .Select(message => finder.FindAsync(queue, message.Id, message.Sequence, selection, cancellationToken)));
            foreach (var row in found.OfType<MessageRow>())
                yield return row;
        }
    }

    /// <summary>A change of a message that the answer has room for.</summary>
    private sealed record PlannedChange(MessageWrite Write, MessageRow Row, byte[]? Body, long Size);

    /// <summary>The state of one pass: what it changes, and its answer so far.</summary>
    private sealed class Pass(QueueAddress queue, MessageSelection selection, MessageChange change, bool handsOut)
    {
        public QueueAddress Queue => queue;

        public MessageSelection Selection => selection;

        public MessageChange Change => change;

        public bool HandsOut => handsOut;

        public bool ShowsMessages => selection.Detail != Detail.None;

        /// <summary>How many messages are changed at most.</summary>
        public int Max { get; } = MaxOf(selection);

        /// <summary>The same number for a reader; null: perhaps all messages.</summary>
        public int? Wanted => Max == int.MaxValue ? null : Max;

        /// <summary>Whether the request itself asked for no more than <see cref="Max"/>.</summary>
        public bool IsAsked => selection.Limit == Max;

        public BoundedAnswer Answer { get; } = new(MaxOf(selection), selection.Memory, selection.Detail != Detail.None);

        /// <summary>Whether more messages may match than were changed.</summary>
        public bool More { get; set; }

        /// <summary>Whether the pass ended because the queue is paused.</summary>
        public bool IsPaused { get; set; }

        /// <summary>Whether it is unknown for some messages if they were changed.</summary>
        public bool IsUnknown { get; set; }

        public MessageList Complete()
        {
            if (IsUnknown && Answer.Count == 0)
                throw new UnavailableException("Storage failed while messages were changed; which were can't be told.");
            return Answer.ToList(More || Answer.IsCut || IsUnknown);
        }

        private static int MaxOf(MessageSelection selection) =>
            Math.Min(selection.Limit ?? int.MaxValue, selection.Detail == Detail.None ? int.MaxValue : QueueLimits.AnswerItems);
    }
}

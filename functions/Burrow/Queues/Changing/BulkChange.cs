using System.Runtime.CompilerServices;
using Burrow.Queues.Claiming;
using Burrow.Queues.Reading;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Changing;

/// <summary>
/// Changes what matches of a queue in one pass, up to what stood there when it began: what <see cref="ClaimGroup"/> doesn't serve, as
/// it has a marker, hidden messages, no bound, or leaves the messages in line.
/// </summary>
internal sealed class BulkChange(QueueContext context, QueueReader walk, Transactions transactions)
{
    /// <summary>Messages changed side by side.</summary>
    private const int BatchSize = 100;

    /// <param name="queue">Whose messages.</param>
    /// <param name="selection">Which, and what is shown of them.</param>
    /// <param name="change">What to set; null deletes.</param>
    /// <param name="cancellationToken">Ends it between two transactions.</param>
    public async Task<MessageList> ChangeAsync(
        QueueAddress queue, MessageSelection selection, Attributes? change, CancellationToken cancellationToken)
    {
        var start = await walk.FindStartAsync(queue, selection, cancellationToken);
        var shown = selection.Detail != Detail.None;
        var most = Math.Min(selection.Limit ?? int.MaxValue, shown ? Limits.AnswerItems : int.MaxValue);
        var answer = new Answer(queue, selection, change, most);
        // Nobody sees an order, so the rows by id will do, which never move: none slips by.
        var lines = selection is { MatchHidden: true, Limit: null } && !shown && start == Sequence.None
            ? ScanAsync(queue, cancellationToken)
            : walk.ReadAllAsync(
                queue, start, selection.MatchHidden, most == int.MaxValue ? null : most, change is not null || shown, cancellationToken);

        try
        {
            await ChangeAllAsync(answer, lines, most, cancellationToken);
        }
        catch (Exception e) when (e is TableUnavailableException or UnavailableException && answer.Count > 0)
        {
            // What was done is answered; the rest is had by asking again.
            answer.More = true;
        }

        return answer.Complete();
    }

    private async Task ChangeAllAsync(Answer answer, IAsyncEnumerable<MessageRow> lines, int most, CancellationToken cancellationToken)
    {
        var begun = context.Time.GetTimestamp();
        var some = new List<MessageRow>();
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            if (answer.IsFull)
            {
                answer.More = answer.Selection.Limit is null || answer.Selection.Limit > most || answer.IsCut;
                break;
            }

            some.Add(line);
            if (some.Count < Math.Min(BatchSize, most - answer.Count))
                continue;
            await ChangeAsync(answer, some, cancellationToken);
            some.Clear();
            // It has what was asked for: whether there is more, nobody wants to know.
            if (answer.Unknown || (answer.Count == most && answer.Selection.Limit == most))
                break;
            if (context.Time.GetElapsedTime(begun) > Limits.BulkChangeTime)
            {
                answer.More = true;
                break;
            }
        }

        if (!answer.Unknown && !answer.IsFull && !answer.More)
            await ChangeAsync(answer, some, cancellationToken);
    }

    /// <summary>
    /// Changes some messages, in order, as far as the answer has room for them; those that somebody else was ahead of are read
    /// anew, as often as they still match.
    /// </summary>
    private async Task ChangeAsync(Answer answer, List<MessageRow> lines, CancellationToken cancellationToken)
    {
        var begun = context.Time.GetTimestamp();
        for (var tries = 0; lines.Count > 0; tries++)
        {
            var now = context.Now;
            var (writes, again) = await DealAsync(answer, lines, now, cancellationToken);
            if (writes.Count == 0 && again.Count == 0)
            {
                answer.IsCut = true;
                return;
            }

            lines.RemoveRange(0, writes.Count + again.Count);
            var outcomes = await transactions.CommitAllAsync(answer.Queue, writes.ConvertAll(part => part.Write), cancellationToken);
            for (var i = 0; i < outcomes.Length; i++)
            {
                var (write, line, body, size) = writes[i];
                if (outcomes[i] == CommitOutcome.Done)
                {
                    answer.Add(Message.From(write.After ?? write.Before, line, body, now));
                    continue;
                }

                answer.Release(size);
                if (outcomes[i] == CommitOutcome.Unknown)
                    answer.Unknown = true;
                else
                    again.Add(line);
            }

            if (answer.Unknown)
                return;
            if (again.Count == 0)
                continue;
            if (context.Time.GetElapsedTime(begun) > Limits.ConflictTime)
            {
                answer.Unknown = true;
                return;
            }

            await context.BackOffAsync(tries, cancellationToken);
            var found = await Task.WhenAll(again.Select(
                line => walk.FindAsync(answer.Queue, line.Id, line.Sequence, answer.Selection.MatchHidden, cancellationToken)));
            lines.InsertRange(0, found.OfType<MessageRow>().OrderBy(line => line.Sequence));
        }
    }

    /// <summary>The first of them that there is room for, and one whose body was replaced since, behind which none is dealt.</summary>
    private async Task<(List<(MessageWrite Write, MessageRow Line, byte[]? Body, long Size)> Writes, List<MessageRow> Again)> DealAsync(
        Answer answer, List<MessageRow> lines, long now, CancellationToken cancellationToken)
    {
        var writes = new List<(MessageWrite, MessageRow, byte[]?, long)>();
        foreach (var line in lines)
        {
            var body = answer.Selection.WithBodies
                ? await BodyChunks.ReadAsync(context.Messages, answer.Queue.Partition, line, cancellationToken)
                : null;
            if (answer.Selection.WithBodies && body is null)
                return (writes, [line]);
            var size = AnswerSize.Of(line, body);
            // What stands before the answer's last would be passed over by whoever asks on from there.
            if (!answer.Reserve(size, regardless: line.Sequence < answer.Last))
                break;
            var write = answer.Change is { } attributes
                ? MessageWrite.Update(line, attributes.ApplyTo(line.State, delivers: true, now, context.Random))
                : MessageWrite.Remove(line);
            writes.Add((write, line, body, size));
        }

        return (writes, []);
    }

    private async IAsyncEnumerable<MessageRow> ScanAsync(QueueAddress queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = (await QueueHead.ReadAsync(context.Messages, queue.Partition, cancellationToken)).Last;
        var query = new RowQuery(QueueKeys.IndexFrom, QueueKeys.IndexBefore)
        {
            Top = BatchSize,
            Select = ["id", "seq"],
            Above = (MessageState.ExpiresColumn, context.Now),
        };
        RowPage page;
        do
        {
            page = await context.Messages.QueryAsync(queue.Partition, query, cancellationToken);
            var found = await Task.WhenAll(page.Rows
                .Select(row => (Id: new MessageId(row.Columns.GetString("id")!), Sequence: new Sequence(row.Columns.GetInteger("seq"))))
                .Where(message => message.Sequence <= end)
                .Select(message => walk.FindAsync(queue, message.Id, message.Sequence, matchHidden: true, cancellationToken)));
            foreach (var line in found.OfType<MessageRow>())
                yield return line;
            query = query with { Continuation = page.Continuation };
        }
        while (page.Continuation is not null);
    }

    /// <summary>What was done so far.</summary>
    private sealed class Answer(QueueAddress queue, MessageSelection selection, Attributes? change, int most)
    {
        private readonly List<Message> messages = [];
        private long bytes;

        public QueueAddress Queue => queue;

        public MessageSelection Selection => selection;

        public Attributes? Change => change;

        public int Count { get; private set; }

        public bool More { get; set; }

        /// <summary>Of some messages nobody can tell whether they were changed.</summary>
        public bool Unknown { get; set; }

        /// <summary>The next message would have made the answer too large.</summary>
        public bool IsCut { get; set; }

        /// <summary>The place of the last that was changed.</summary>
        public Sequence Last { get; private set; }

        public bool IsFull => IsCut || Count >= most;

        public bool Reserve(long size, bool regardless)
        {
            if (selection.Detail == Detail.None)
                return true;
            if (!regardless && bytes > 0 && bytes + size > Limits.AnswerBytes)
                return false;

            bytes += size;
            return true;
        }

        public void Release(long size) => bytes -= size;

        public void Add(Message message)
        {
            Count++;
            Last = Last < message.Sequence ? message.Sequence : Last;
            if (selection.Detail != Detail.None)
                messages.Add(message);
        }

        public MessageList Complete()
        {
            if (Unknown && Count == 0)
                throw new UnavailableException("Storage failed while messages were changed; which were can't be told.");
            messages.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
            return new() { Messages = messages, Count = Count, Last = Last, More = More || IsCut || Unknown };
        }
    }
}

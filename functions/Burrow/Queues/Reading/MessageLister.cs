using System.Runtime.CompilerServices;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>Reads the messages of a queue, in its order, and changes nothing.</summary>
internal sealed class MessageLister(QueueContext context, QueueReader walk)
{
    /// <summary>Larger bodies read at a time.</summary>
    private const int ReadAhead = 8;

    public async Task<MessageList> ListAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken)
    {
        var start = await walk.FindStartAsync(queue, selection, cancellationToken);
        var most = Math.Min(selection.Limit ?? Limits.AnswerItems, Limits.AnswerItems);
        var messages = new List<Message>();
        var lines = walk.ReadAllAsync(queue, start, selection.MatchHidden, most + 1, selection.WithBodies, cancellationToken);
        long bytes = 0;
        var more = false;
        await foreach (var (line, body) in WithBodiesAsync(queue, selection, lines, cancellationToken))
        {
            bytes += AnswerSize.Of(line, body);
            if (messages.Count == most || (messages.Count > 0 && bytes > Limits.AnswerBytes))
            {
                more = messages.Count < most || selection.Limit is null || selection.Limit > most;
                break;
            }

            messages.Add(Message.From(line.State, line, body, context.Now));
        }

        return messages.Count == 0 ? MessageList.Empty : new()
        {
            Messages = messages,
            Count = messages.Count,
            Last = messages[^1].Sequence,
            More = more,
        };
    }

    private async IAsyncEnumerable<(MessageRow Line, byte[]? Body)> WithBodiesAsync(
        QueueAddress queue,
        MessageSelection selection,
        IAsyncEnumerable<MessageRow> lines,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Read ahead while there is something to be read; a line with its body in it is passed on at once.
        var reading = new Queue<Task<(MessageRow, byte[]?)?>>();
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            reading.Enqueue(ReadAsync(queue, selection, line, cancellationToken));
            while (reading.Count > ReadAhead || (reading.TryPeek(out var first) && first.IsCompleted))
            {
                if (await reading.Dequeue() is { } read)
                    yield return read;
            }
        }

        while (reading.TryDequeue(out var next))
        {
            if (await next is { } read)
                yield return read;
        }
    }

    private async Task<(MessageRow, byte[]?)?> ReadAsync(QueueAddress queue, MessageSelection selection, MessageRow line, CancellationToken cancellationToken)
    {
        if (!selection.WithBodies)
            return (line, null);
        for (var tries = 0; ; tries++)
        {
            if (await BodyChunks.ReadAsync(context.Messages, queue.Partition, line, cancellationToken) is { } body)
                return (line, body);
            if (tries == Limits.MaxStableReadTries)
                throw new UnavailableException("A message is changed by others faster than it can be read.");
            // Replaced, hidden or gone since: as it is now, if it still is in the list.
            await context.BackOffAsync(tries, cancellationToken);
            if (await walk.FindAsync(queue, line.Id, line.Sequence, selection.MatchHidden, cancellationToken) is not { } found)
                return null;
            line = found;
        }
    }
}

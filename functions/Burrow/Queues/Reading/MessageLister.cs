using System.Runtime.CompilerServices;
using Burrow.Queues.Rows;

namespace Burrow.Queues.Reading;

/// <summary>Lists the live or the dead messages of a queue, in its order. Changes nothing.</summary>
internal sealed class MessageLister(QueueContext context, QueueReader reader, MessageFinder finder)
{
    /// <summary>How many larger bodies are read at a time.</summary>
    private const int MaxParallelism = 8;

    public async Task<MessageList> ListAsync(QueueAddress queue, MessageSelection selection, CancellationToken cancellationToken)
    {
        var start = await reader.FindStartAsync(queue, selection, cancellationToken);
        var max = Math.Min(selection.Limit ?? QueueLimits.AnswerItems, QueueLimits.AnswerItems);
        var answer = new BoundedAnswer(max, selection.Memory);
        var rows = reader.ReadAllAsync(queue, selection, start, max + 1, selection.WithBodies, cancellationToken);
        var more = false;
        await foreach (var (row, body) in WithBodiesAsync(queue, selection, rows, cancellationToken))
        {
            if (answer.IsFull || !answer.TryReserve(AnswerSize.Of(row, body)))
            {
                more = answer.IsCut || selection.Limit is null || selection.Limit > max;
                break;
            }

            answer.Add(row.State.ToMessage(row, body, context.Now));
        }

        return answer.ToList(more);
    }

    private async IAsyncEnumerable<(MessageRow Row, byte[]? Body)> WithBodiesAsync(
        QueueAddress queue,
        MessageSelection selection,
        IAsyncEnumerable<MessageRow> rows,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Bodies in chunks are read ahead. A row that holds its body is passed on at once.
        var reading = new Queue<Task<(MessageRow, byte[]?)?>>();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            reading.Enqueue(ReadAsync(queue, selection, row, cancellationToken));
            while (reading.Count > MaxParallelism || (reading.TryPeek(out var first) && first.IsCompleted))
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

    /// <returns>Null if the message left the list while its body was read.</returns>
    private Task<(MessageRow Row, byte[]? Body)?> ReadAsync(
        QueueAddress queue, MessageSelection selection, MessageRow row, CancellationToken cancellationToken) =>
        selection.WithBodies && row.State.Chunks > 0
            ? ReadChunksAsync(queue, selection, row, cancellationToken)
            : Task.FromResult<(MessageRow, byte[]?)?>((row, selection.WithBodies ? row.Inline : null));

    private Task<(MessageRow Row, byte[]? Body)?> ReadChunksAsync(
        QueueAddress queue, MessageSelection selection, MessageRow first, CancellationToken cancellationToken)
    {
        MessageRow? row = null;
        return context.UntilStableAsync(
            async () =>
            {
                // The message was replaced, hidden or removed since. Read it as it is now, if it is still in the list.
                row = row is null ? first : await finder.FindAsync(queue, row.Id, row.Sequence, selection, cancellationToken);
                if (row is null)
                    return (true, null);
                var (isThere, body) = await finder.ReadBodyAsync(queue, row, isShown: true, cancellationToken);
                return (isThere, ((MessageRow, byte[]?)?)(row, body));
            },
            cancellationToken);
    }
}

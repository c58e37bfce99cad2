using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// Bodies that do not fit in a line row. They are in rows of <see cref="QueueLimits.ChunkBytes"/> bytes, in columns of the largest size.
/// </summary>
internal static class BodyChunks
{
    private const int ColumnsPerChunk = QueueLimits.ChunkBytes / TableLimits.ColumnBytes;

    public static int CountOf(int length) =>
        length <= QueueLimits.InlineBytes ? 0 : (length + QueueLimits.ChunkBytes - 1) / QueueLimits.ChunkBytes;

    /// <summary>The operations that write the chunks of a body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="keyOf">The key of each chunk.</param>
    public static IEnumerable<Operation> Insert(byte[] body, Func<int, string> keyOf)
    {
        for (var n = 0; n < CountOf(body.Length); n++)
        {
            var columns = new Columns();
            for (var c = 0; c < ColumnsPerChunk; c++)
            {
                var from = n * QueueLimits.ChunkBytes + c * TableLimits.ColumnBytes;
                if (from < body.Length)
                    columns.Add(MessageColumns.ChunkPart(c), body[from..Math.Min(from + TableLimits.ColumnBytes, body.Length)]);
            }

            yield return Operation.Insert(keyOf(n), columns);
        }
    }

    /// <summary>
    /// A message's body, from its row or its chunks; null if chunks are gone, as the message was changed since it was read.
    /// </summary>
    public static Task<byte[]?> ReadAsync(ITable messages, string partition, MessageRow messageRow, CancellationToken cancellationToken) =>
        messageRow.State is { Chunks: > 0 } state
            ? ReadAsync(messages, partition, state.Length, state.ChunkKeys, cancellationToken)
            : Task.FromResult<byte[]?>(messageRow.Inline);

    /// <summary>A body, from its chunks; null if chunks are gone.</summary>
    public static async Task<byte[]?> ReadAsync(
        ITable messages, string partition, long length, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var body = new byte[length];
        var position = 0;
        foreach (var key in keys)
        {
            if (await messages.GetAsync(partition, key, cancellationToken) is not { } row)
                return null;
            for (var c = 0; c < ColumnsPerChunk; c++)
            {
                var bytes = row.Columns.GetBytes(MessageColumns.ChunkPart(c));
                bytes.CopyTo(body, position);
                position += bytes.Length;
            }
        }

        return body;
    }
}

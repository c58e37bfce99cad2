using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// A row of a queue that is no message's and that expires: a reader's or a producer's. It says when in the column
/// <see cref="MessageColumns.ExpiresAt"/>, and an expiry row beside it brings the timer to it.
/// </summary>
internal static class ExpiringRow
{
    /// <summary>The operations that move the expiry row, or make it.</summary>
    /// <param name="key">The key of the row that expires.</param>
    /// <param name="before">When it expired before; null: it is new.</param>
    /// <param name="after">When it expires, UTC ticks.</param>
    public static IEnumerable<Operation> Move(string key, long? before, long after)
    {
        if (before is { } old)
            yield return Operation.Delete(QueueKeys.ExpiryOf(key, old), Operation.Any);
        yield return Operation.Insert(QueueKeys.ExpiryOf(key, after), ColumnsOf(key));
    }

    /// <summary>The columns of an expiry row. No message goes with the row, so it says that nothing of one is ever gone.</summary>
    public static Columns ColumnsOf(string key) => new(2) { { MessageColumns.Of, key }, { MessageColumns.GoneAt, MessageState.Never } };

    /// <summary>The operations that remove the row and its expiry row.</summary>
    public static IReadOnlyList<Operation> Remove(string key, string etag, long expiresAt) =>
        [Operation.Delete(key, etag), Operation.Delete(QueueKeys.ExpiryOf(key, expiresAt), Operation.Any)];

    /// <summary>Removes the row of an expiry row whose time has come.</summary>
    /// <returns>Whether nothing is left to do.</returns>
    public static async Task<bool> ForgetAsync(QueueContext context, QueueAddress queue, Row expiry, CancellationToken cancellationToken)
    {
        var key = expiry.Columns.GetString(MessageColumns.Of)!;
        var row = await context.Messages.GetAsync(queue.Partition, key, cancellationToken);
        var expiresAt = row?.Columns.GetInteger(MessageColumns.ExpiresAt) ?? 0;
        // It may have got more time, or begun anew. The expiry row of before may be left.
        if (row is null || QueueKeys.ExpiryOf(key, expiresAt) != expiry.Key)
        {
            await context.Messages.SubmitAsync(queue.Partition, [Operation.Delete(expiry.Key, expiry.ETag)], cancellationToken);
            return true;
        }

        return (await context.Messages.SubmitAsync(queue.Partition, Remove(key, row.ETag, expiresAt), cancellationToken)).Committed;
    }
}

using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// One change of one message: the operations on all its rows. Every change rewrites the line row and the row by id, so the
/// ETag of either, whichever was read, locks the other.
/// </summary>
/// <param name="Before">The message as it was read.</param>
/// <param name="After">As it will be; null: gone.</param>
/// <param name="Operations">In one transaction, with those of other messages perhaps.</param>
internal sealed record MessageWrite(MessageState Before, MessageState? After, IReadOnlyList<Operation> Operations)
{
    /// <summary>What is told once it is done.</summary>
    public OutboxRow? Event { get; private init; }

    /// <summary>The same, with something to be told.</summary>
    public MessageWrite WithEvent(OutboxRow announcement) =>
        this with { Operations = [.. Operations, announcement.Insert], Event = announcement };

    /// <summary>When the timer must visit the queue for this.</summary>
    /// <remarks>A queue that something was removed from may be empty, and is closed then.</remarks>
    public IEnumerable<long> Due(long now) => After is null ? [now + TimeSpan.TicksPerMinute] : After.Due.Except(Before.Due);

    /// <summary>Other attributes, perhaps another place in line. Locked by the line row as it was read.</summary>
    public static MessageWrite Update(MessageRow line, MessageState after)
    {
        var before = line.State;
        var operations = new List<Operation>(5);
        var columns = after.ToColumns();
        if (after.LineKey == before.LineKey)
        {
            operations.Add(Operation.Merge(before.LineKey, columns, line.ETag));
        }
        else
        {
            operations.Add(Operation.Delete(before.LineKey, line.ETag));
            operations.Add(Operation.Insert(after.LineKey, MessageRow.ToColumns(columns, line.ContentType, line.TraceParent, line.Inline)));
        }

        operations.Add(Operation.Replace(QueueKeys.Index(before.Id), columns, Operation.Any));
        operations.AddRange(MoveExpiry(before, after));
        return new(before, after, operations);
    }

    /// <summary>Gone. Locked by the line row as it was read.</summary>
    public static MessageWrite Remove(MessageRow line) => new(line.State, null,
    [
        Operation.Delete(line.State.LineKey, line.ETag),
        Operation.Delete(QueueKeys.Index(line.Id), Operation.Any),
        .. RemoveRest(line.State),
    ]);

    /// <summary>Gone. Locked by the row by id as it was read.</summary>
    public static MessageWrite Remove(MessageState state, string indexETag) => new(state, null,
    [
        Operation.Delete(QueueKeys.Index(state.Id), indexETag),
        Operation.Delete(state.LineKey, Operation.Any),
        .. RemoveRest(state),
    ]);

    /// <summary>Put for the first time.</summary>
    public static IEnumerable<Operation> Insert(MessageState after, PutRequest request)
    {
        var columns = after.ToColumns();
        yield return Operation.Insert(QueueKeys.Index(after.Id), columns);
        foreach (var operation in InsertLine(after, columns, request))
            yield return operation;
    }

    /// <summary>Put again: in its old place, or, if it had expired, at the end. Locked by the row by id as it was read.</summary>
    public static IEnumerable<Operation> Replace(MessageState before, string indexETag, MessageState after, PutRequest request)
    {
        var columns = after.ToColumns();
        yield return Operation.Replace(QueueKeys.Index(before.Id), columns, indexETag);
        foreach (var key in before.ChunkKeys)
            yield return Operation.Delete(key, Operation.Any);
        if (after.LineKey != before.LineKey)
            yield return Operation.Delete(before.LineKey, Operation.Any);
        if (before.ExpiryKey is { } old && old != after.ExpiryKey)
            yield return Operation.Delete(old, Operation.Any);
        foreach (var operation in InsertLine(after, columns, request))
        {
            // A row whose key stays is replaced: a transaction changes a row once.
            if (operation.Key == before.LineKey)
                yield return Operation.Replace(operation.Key, operation.Columns!, Operation.Any);
            else if (operation.Key != before.ExpiryKey)
                yield return operation;
        }
    }

    private static IEnumerable<Operation> InsertLine(MessageState after, Columns columns, PutRequest request)
    {
        yield return Operation.Insert(
            after.LineKey, MessageRow.ToColumns(columns, request.ContentType, request.TraceParent, after.Chunks == 0 ? request.Body : []));
        if (after.ExpiryKey is { } expiry)
            yield return Operation.Insert(expiry, new Columns(1) { { MessageColumns.Id, after.Id.Value } });
        foreach (var operation in BodyChunks.Insert(after, request.Body))
            yield return operation;
    }

    private static IEnumerable<Operation> MoveExpiry(MessageState before, MessageState after)
    {
        if (before.ExpiryKey == after.ExpiryKey)
            yield break;
        if (before.ExpiryKey is { } old)
            yield return Operation.Delete(old, Operation.Any);
        if (after.ExpiryKey is { } next)
            yield return Operation.Insert(next, new Columns(1) { { MessageColumns.Id, after.Id.Value } });
    }

    private static IEnumerable<Operation> RemoveRest(MessageState state)
    {
        if (state.ExpiryKey is { } expiry)
            yield return Operation.Delete(expiry, Operation.Any);
        foreach (var key in state.ChunkKeys)
            yield return Operation.Delete(key, Operation.Any);
    }
}

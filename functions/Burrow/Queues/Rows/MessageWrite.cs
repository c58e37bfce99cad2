using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// One change of one message: the operations on all its rows. Every change rewrites the line row and the row by id. So the ETag of
/// either row, whichever was read, locks the other.
/// </summary>
/// <param name="Before">The message as it was read.</param>
/// <param name="After">The message after the change; null: it is removed.</param>
/// <param name="Operations">The operations for one transaction, which may also hold those of other messages.</param>
internal sealed record MessageWrite(MessageState Before, MessageState? After, IReadOnlyList<Operation> Operations)
{
    /// <summary>The event to publish after the commit; null: none.</summary>
    public OutboxRow? Event { get; private init; }

    /// <summary>The same change, with an event to publish.</summary>
    public MessageWrite WithEvent(OutboxRow announcement) =>
        this with { Operations = [.. Operations, announcement.Insert], Event = announcement };

    /// <summary>The row that tells a mirror of the change; null: none does.</summary>
    public ChangeRow? Change { get; private init; }

    /// <summary>The same change, with a row that tells a mirror of it.</summary>
    public MessageWrite With(ChangeRow change) => this with { Operations = [.. Operations, change.Write()], Change = change };

    /// <summary>Whether the change adds or removes causes.</summary>
    public bool ChangesCauses { get; private init; }

    /// <summary>How a message has ended that a worker or a client removes; null: it expired, or that is not said.</summary>
    public ResultEnd? End { get; init; }

    /// <summary>The operations on the row of the message's result.</summary>
    public IReadOnlyList<Operation> Ends { get; private init; } = [];

    /// <summary>When that row expires, UTC ticks; null: it does not.</summary>
    public long? ResultExpiresAt { get; private init; }

    /// <summary>The same change, with operations on the row of the message's result.</summary>
    public MessageWrite With(IReadOnlyList<Operation> ends, long? resultExpiresAt) =>
        this with { Operations = [.. Operations, .. ends], Ends = ends, ResultExpiresAt = resultExpiresAt };

    /// <summary>The line row of a message that dies by this change or is buried by it, before it; null: it does not die.</summary>
    public MessageRow? Killed { get; private init; }

    /// <summary>Makes the operations on the rows of a message that is not removed, for another state after the change.</summary>
    private Func<MessageState, MessageWrite>? Anew { get; init; }

    /// <summary>The same change to another state.</summary>
    public MessageWrite WithAfter(MessageState after)
    {
        var write = Anew!(after).With(Ends, ResultExpiresAt);
        if (Change is not null)
            write = write.With(Change);
        return Event is null ? write : write.WithEvent(Event);
    }

    /// <summary>Whether the room of the message's group changes, or how many of its messages hold it back.</summary>
    public bool ChangesGroup => Before.IsReady != (After?.IsReady == true)
        || Before.HoldsGroup != (After?.HoldsGroup == true)
        || (Before.Group is not null && Before.DiedAt == 0 && After is { DiedAt: not 0 });

    /// <summary>What workers reported, after the change.</summary>
    public IReadOnlyList<Cause> Causes { get; private init; } = [];

    /// <summary>The message as an answer shows it: after the change; a removed one as it was.</summary>
    /// <param name="row">Its line row from before the change; null if the answer shows nothing from it.</param>
    /// <param name="body">Its body, if the answer shows it.</param>
    /// <param name="now">UTC ticks.</param>
    public Message ToMessage(MessageRow? row, byte[]? body, long now) =>
        After is null ? Before.ToMessage(row, body, now) : After.ToMessage(row, body, now) with { Causes = Causes };

    /// <summary>When the timer must visit the queue for this change, UTC ticks.</summary>
    /// <remarks>After a message is removed, the queue may be empty. The timer then closes it.</remarks>
    public IEnumerable<long> Due(long now)
    {
        var due = After is null ? [now + TimeSpan.TicksPerMinute] : After.Due.Except(Before.Due);
        if (ResultExpiresAt is { } expiry)
            due = due.Append(expiry);
        return Event is null && Change is null ? due : due.Append(OutboxRow.DrainAt(now));
    }

    /// <summary>Sets other attributes, and perhaps moves the line row. The ETag of the line row as it was read locks the message.</summary>
    public static MessageWrite Update(MessageRow row, MessageState after) => Update(row, after, row.Causes);

    /// <summary>The same, and sets the causes.</summary>
    public static MessageWrite Update(MessageRow row, MessageState after, IReadOnlyList<Cause> causes)
    {
        var before = row.State;
        var operations = new List<Operation>(5);
        var columns = after.ToColumns();
        if (after.LineKey != before.LineKey)
        {
            operations.Add(Operation.Delete(before.LineKey, row.ETag));
            operations.Add(Operation.Insert(
                after.LineKey, MessageRow.ToColumns(columns, row.ContentType, row.TraceParent, row.Inline, row.Origin, causes)));
        }
        else if (ReferenceEquals(causes, row.Causes))
        {
            operations.Add(Operation.Merge(before.LineKey, columns, row.ETag));
        }
        else
        {
            var merged = new Columns(columns, 1) { { MessageColumns.Causes, CausesColumn.Write(causes) } };
            operations.Add(Operation.Merge(before.LineKey, merged, row.ETag));
        }

        operations.Add(Operation.Replace(QueueKeys.Index(before.Id), after.ToIndexColumns(columns), Operation.Any));
        operations.AddRange(MoveExpiry(before, after));
        operations.AddRange(MoveInGroup(before, after));
        return new(before, after, operations)
        {
            Anew = other => Update(row, other, causes),
            ChangesCauses = !ReferenceEquals(causes, row.Causes),
            Killed = before.DiedAt == 0 && after.DiedAt != 0 ? row : null,
            Causes = causes,
        };
    }

    /// <summary>
    /// Sets what another deployment says of the message whose copy this is. The ETag of the line row as it was read locks the message.
    /// </summary>
    public static MessageWrite Mirror(MessageRow row, MessageState after, RelayedChange change)
    {
        var request = new PutRequest(row.Id, change.Body, change.ContentType, default, Precondition.None)
        {
            TraceParent = change.TraceParent,
        };
        return new(row.State, after, [.. Replace(row.State, (Operation.Any, row.ETag), after, request, row.Origin, change.Causes)])
        {
            Anew = other => Mirror(row, other, change),
            ChangesCauses = true,
            Causes = change.Causes,
            Killed = row.State.DiedAt == 0 && after.DiedAt != 0 ? row : null,
        };
    }

    /// <summary>
    /// Makes a message ready that waited. The ETag of its row in the group locks the order: no message came back before it since.
    /// </summary>
    public static MessageWrite Promote(MessageRow row, MessageState after, string groupETag)
    {
        var write = Update(row, after);
        return write with
        {
            Operations =
            [
                .. write.Operations.Select(
                    operation => operation.Key == row.State.GroupKey ? Operation.Delete(operation.Key, groupETag) : operation),
            ],
        };
    }

    /// <summary>Removes a message. The ETag of the line row as it was read locks the message.</summary>
    public static MessageWrite Remove(MessageRow row) => new(row.State, null,
    [
        Operation.Delete(row.State.LineKey, row.ETag),
        Operation.Delete(QueueKeys.Index(row.Id), Operation.Any),
        .. RemoveRest(row.State),
    ]);

    /// <summary>Removes a message. The ETag of the row by id as it was read locks the message.</summary>
    public static MessageWrite Remove(MessageState state, string indexETag) => new(state, null,
    [
        Operation.Delete(QueueKeys.Index(state.Id), indexETag),
        Operation.Delete(state.LineKey, Operation.Any),
        .. RemoveRest(state),
    ]);

    /// <summary>Puts a message for the first time.</summary>
    public static IEnumerable<Operation> Insert(MessageState after, PutRequest request)
    {
        var columns = after.ToColumns();
        yield return Operation.Insert(QueueKeys.Index(after.Id), columns);
        foreach (var operation in InsertLine(after, columns, request, request.Relayed?.Origin, []))
            yield return operation;
        foreach (var operation in MoveInGroup(null, after))
            yield return operation;
    }

    /// <summary>
    /// Puts a message again: in its old place, or at the end if it had expired. The ETag of the row by id as it was read locks the message.
    /// </summary>
    public static IEnumerable<Operation> Replace(MessageState before, string indexETag, MessageState after, PutRequest request) =>
        Replace(before, (indexETag, Operation.Any), after, request, request.Relayed?.Origin, []);

    private static IEnumerable<Operation> Replace(
        MessageState before,
        (string Index, string Line) etags,
        MessageState after,
        PutRequest request,
        Origin? origin,
        IReadOnlyList<Cause> causes)
    {
        var columns = after.ToColumns();
        yield return Operation.Replace(QueueKeys.Index(before.Id), after.ToIndexColumns(columns), etags.Index);
        foreach (var key in before.ChunkKeys)
            yield return Operation.Delete(key, Operation.Any);
        if (after.LineKey != before.LineKey)
            yield return Operation.Delete(before.LineKey, etags.Line);
        if (before.ExpiryKey is { } old && old != after.ExpiryKey)
            yield return Operation.Delete(old, Operation.Any);
        foreach (var operation in MoveInGroup(before, after))
            yield return operation;
        foreach (var operation in InsertLine(after, columns, request, origin, causes))
        {
            // A row whose key stays the same is replaced: a transaction can change a row only once.
            if (operation.Key == before.LineKey)
                yield return Operation.Replace(operation.Key, operation.Columns!, etags.Line);
            else if (operation.Key != before.ExpiryKey)
                yield return operation;
            else if (before.DiesAtHide || after.DiesAtHide)
                yield return Operation.Replace(operation.Key, operation.Columns!, Operation.Any);
        }
    }

    private static IEnumerable<Operation> InsertLine(
        MessageState after, Columns columns, PutRequest request, Origin? origin, IReadOnlyList<Cause> causes)
    {
        yield return Operation.Insert(
            after.LineKey,
            MessageRow.ToColumns(
                columns, request.ContentType, request.TraceParent, after.Chunks == 0 ? request.Body : [], origin, causes));
        if (after.ExpiryKey is { } expiry)
            yield return Operation.Insert(expiry, after.ExpiryColumns);
        foreach (var operation in BodyChunks.Insert(request.Body, n => QueueKeys.Chunk(after.Sequence, after.BodyRevision, n)))
            yield return operation;
    }

    private static IEnumerable<Operation> MoveExpiry(MessageState before, MessageState after)
    {
        if (before.ExpiryKey == after.ExpiryKey)
        {
            if (before.GoneAt != after.GoneAt)
                yield return Operation.Replace(after.ExpiryKey!, after.ExpiryColumns, Operation.Any);
            yield break;
        }

        if (before.ExpiryKey is { } old)
            yield return Operation.Delete(old, Operation.Any);
        if (after.ExpiryKey is { } next)
            yield return Operation.Insert(next, after.ExpiryColumns);
    }

    private static IEnumerable<Operation> MoveInGroup(MessageState? before, MessageState? after)
    {
        if (before?.GroupKey == after?.GroupKey)
            yield break;
        if (before?.GroupKey is { } old)
            yield return Operation.Delete(old, Operation.Any);
        if (after?.GroupKey is { } next)
            yield return Operation.Insert(next, after.ToGroupColumns());
    }

    private static IEnumerable<Operation> RemoveRest(MessageState state)
    {
        foreach (var operation in MoveInGroup(state, null))
            yield return operation;
        if (state.ExpiryKey is { } expiry)
            yield return Operation.Delete(expiry, Operation.Any);
        foreach (var key in state.ChunkKeys)
            yield return Operation.Delete(key, Operation.Any);
    }
}

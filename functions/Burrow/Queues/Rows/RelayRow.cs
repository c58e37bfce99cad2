using System.Globalization;
using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// A row of a queue's outbox: all that another deployment needs of a message. With <see cref="RelayMode.Copy"/>, the message itself may be
/// consumed before it is sent. With <see cref="RelayMode.Mirror"/>, the row has no body: the message is sent as it is then.
/// </summary>
internal sealed record RelayRow
{
    private const string CountColumn = "count";
    private const string InsertedColumn = "inserted";
    private const string VisibleColumn = "visible";
    private const string PriorityColumn = "priority";
    private const string LengthColumn = "length";
    private const string OwnColumn = "own";

    /// <summary>The columns of a row, without its body.</summary>
    public static readonly IReadOnlyList<string> WithoutBody =
    [
        .. OutboxRows.Columns, CountColumn, InsertedColumn, MessageColumns.ExpiresAt, VisibleColumn, PriorityColumn,
        LengthColumn, OwnColumn, MessageColumns.Group, MessageColumns.ContentType, MessageColumns.TraceParent,
        MessageColumns.Origin,
    ];

    /// <summary>The columns of a row, without the chunks of a larger body.</summary>
    public static readonly IReadOnlyList<string> Columns = [.. WithoutBody, MessageColumns.Body];

    /// <summary>The columns that say how many rows there are, of rows of puts.</summary>
    public static readonly IReadOnlyList<string> ColumnsOfCount = [CountColumn];

    /// <summary>The ETag of the row as it was read; empty: it was not.</summary>
    public string ETag { get; private init; } = "";

    public required Sequence Sequence { get; init; }

    public required MessageId Id { get; init; }

    /// <summary>The relay that the row is for.</summary>
    public required string Incarnation { get; init; }

    /// <summary>The count of the head's mark when the row was written.</summary>
    public required long Count { get; init; }

    /// <summary>When the row was written, UTC ticks.</summary>
    public required long Written { get; init; }

    public required long Inserted { get; init; }

    public required long ExpiresAt { get; init; }

    public required long VisibleAt { get; init; }

    public required int Priority { get; init; }

    public GroupName? Group { get; init; }

    public string? ContentType { get; init; }

    public string? TraceParent { get; init; }

    /// <summary>Where the message itself came from, if another deployment has sent it.</summary>
    public Origin? Origin { get; init; }

    /// <summary>The number that its own producer gave it; null: none.</summary>
    public ProducerNumber? Own { get; init; }

    public required int Length { get; init; }

    /// <summary>The body; empty if it is in chunks and was not read.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Whether the body is in rows that were not read.</summary>
    public bool LacksBody => Body.Length < Length;

    /// <summary>When the message died, UTC ticks; 0: it is not dead.</summary>
    public long DiedAt { get; private init; }

    /// <summary>Whether the message is gone, so that nothing is left of it but its numbers.</summary>
    public bool IsGone { get; private init; }

    /// <summary>What workers reported of a message that is dead, oldest first.</summary>
    public IReadOnlyList<Cause> Causes { get; private init; } = [];

    private IEnumerable<string> ChunkKeys =>
        Enumerable.Range(0, BodyChunks.CountOf(Length)).Select(n => QueueKeys.OutboxChunk(Sequence, n));

    /// <summary>The operations that delete the row with its body, unless it was written anew since it was read.</summary>
    public IReadOnlyList<Operation> Delete() =>
    [
        Operation.Delete(QueueKeys.Outbox(Sequence), ETag),
        .. ChunkKeys.Select(key => Operation.Delete(key, Operation.Any)),
    ];

    /// <summary>The same row without the body, as the outbox of a mirror has it.</summary>
    public RelayRow WithoutItsBody() => this with { Length = 0, Body = [] };

    /// <summary>What the row of a mirror stands for: the message as it is.</summary>
    /// <param name="row">The message's line row.</param>
    /// <param name="body">Its body; empty if it is in chunks, and was not read.</param>
    /// <param name="now">UTC ticks.</param>
    public RelayRow AsItIs(MessageRow row, byte[] body, long now) =>
        OfNow(row, body, Incarnation, Count, Written, now) with { ETag = ETag, Own = Own };

    private static RelayRow OfNow(MessageRow row, byte[] body, string incarnation, long count, long written, long now)
    {
        var state = row.State.IsUnburied(now) ? row.State.Buried() : row.State;
        return Of(row, body, incarnation, count, written) with
        {
            ExpiresAt = state.ExpiresAt,
            DiedAt = state.DiedAt,
            Causes = state.DiedAt == 0 ? [] : row.Causes,
            Length = (int)state.Length,
        };
    }

    /// <summary>The same, of a message that is gone.</summary>
    public RelayRow AsGone() => this with { IsGone = true };

    /// <summary>The row of a message that is put now.</summary>
    /// <param name="state">The message.</param>
    /// <param name="request">What it was put with.</param>
    /// <param name="mark">The mark of the head, which counts this row.</param>
    /// <param name="now">UTC ticks.</param>
    public static RelayRow Of(MessageState state, PutRequest request, RelayMark mark, long now) => new()
    {
        Sequence = state.Sequence,
        Id = state.Id,
        Incarnation = mark.Incarnation,
        Count = mark.Count,
        Written = now,
        Inserted = state.Inserted,
        ExpiresAt = state.ExpiresAt,
        VisibleAt = state.VisibleAt,
        Priority = state.Priority,
        Group = state.Group,
        ContentType = request.ContentType,
        TraceParent = request.TraceParent,
        Origin = request.Relayed?.Origin,
        Own = request.Relayed is { } relayed ? relayed.Own : request.Number,
        Length = request.Body.Length,
        Body = request.Body,
    };

    /// <summary>The row of a message that stands in the queue.</summary>
    /// <param name="row">The message's line row.</param>
    /// <param name="body">Its body.</param>
    /// <param name="incarnation">The relay.</param>
    /// <param name="count">The count of the head's mark.</param>
    /// <param name="written">UTC ticks.</param>
    public static RelayRow Of(MessageRow row, byte[] body, string incarnation, long count, long written) => new()
    {
        Sequence = row.Sequence,
        Id = row.Id,
        Incarnation = incarnation,
        Count = count,
        Written = written,
        Inserted = row.State.Inserted,
        ExpiresAt = row.State.ExpiresAt,
        // A claim's hide is not the message's own: it is not known any more what that was.
        VisibleAt = row.State.Deliveries == 0 ? row.State.VisibleAt : 0,
        Priority = row.State.Priority,
        Group = row.State.Group,
        ContentType = row.ContentType,
        TraceParent = row.TraceParent,
        Origin = row.Origin,
        Length = body.Length,
        Body = body,
    };

    /// <summary>A changed message as it is.</summary>
    /// <param name="change">The row of the change.</param>
    /// <param name="row">The message's line row; null: the message is gone.</param>
    /// <param name="body">Its body.</param>
    /// <param name="now">UTC ticks.</param>
    public static RelayRow Of(ChangeRow change, MessageRow? row, byte[] body, long now) => row is not null
        ? OfNow(row, body, change.Incarnation, 0, change.Written, now)
        : new()
        {
            Sequence = change.Sequence,
            Id = change.Id,
            Incarnation = change.Incarnation,
            Count = 0,
            Written = change.Written,
            Inserted = 0,
            ExpiresAt = 0,
            VisibleAt = 0,
            Priority = QueueLimits.DefaultPriority,
            Length = 0,
            IsGone = true,
        };

    /// <summary>The operations that write the row.</summary>
    public IEnumerable<Operation> Insert()
    {
        yield return Operation.Insert(QueueKeys.Outbox(Sequence), new Columns
        {
            { MessageColumns.Id, Id.Value },
            { OutboxRows.Incarnation, Incarnation },
            { CountColumn, Count },
            { OutboxRows.Written, Written },
            { InsertedColumn, Inserted },
            { MessageColumns.ExpiresAt, ExpiresAt },
            { VisibleColumn, VisibleAt },
            { PriorityColumn, Priority },
            { LengthColumn, Length },
            { OwnColumn, Own is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Own.Number:x}!{Own.Epoch:x}!{Own.Producer}") },
            { MessageColumns.Group, Group?.Value },
            { MessageColumns.ContentType, ContentType },
            { MessageColumns.TraceParent, TraceParent },
            { MessageColumns.Origin, Origin?.ToString() },
            { MessageColumns.Body, BodyChunks.CountOf(Length) > 0 ? null : Body },
        });
        foreach (var operation in BodyChunks.Insert(Body, n => QueueKeys.OutboxChunk(Sequence, n)))
            yield return operation;
    }

    /// <summary>Whether the row of an outbox is a message's own row, and not a chunk of its body.</summary>
    public static bool IsMessage(string key) => key.Length == QueueKeys.OutboxFrom.Length + 16;

    /// <summary>The count of a row.</summary>
    public static long CountOf(Row row) => row.Columns.GetInteger(CountColumn);

    public static RelayRow From(Row row)
    {
        var columns = row.Columns;
        return new()
        {
            ETag = row.ETag,
            Sequence = OutboxRows.SequenceOf(row.Key),
            Id = OutboxRows.IdOf(row),
            Incarnation = columns.GetString(OutboxRows.Incarnation)!,
            Count = columns.GetInteger(CountColumn),
            Written = columns.GetInteger(OutboxRows.Written),
            Inserted = columns.GetInteger(InsertedColumn),
            ExpiresAt = columns.GetInteger(MessageColumns.ExpiresAt),
            VisibleAt = columns.GetInteger(VisibleColumn),
            Priority = (int)columns.GetInteger(PriorityColumn),
            Length = (int)columns.GetInteger(LengthColumn),
            Own = OwnOf(columns.GetString(OwnColumn)),
            Group = columns.GetString(MessageColumns.Group) is { } group ? new(group) : null,
            ContentType = columns.GetString(MessageColumns.ContentType),
            TraceParent = columns.GetString(MessageColumns.TraceParent),
            Origin = Origin.Parse(columns.GetString(MessageColumns.Origin)),
            Body = columns.GetBytes(MessageColumns.Body),
        };
    }

    /// <summary>The same row with its body; null if the row is gone meanwhile.</summary>
    public async Task<RelayRow?> WithBodyAsync(ITable messages, string partition, CancellationToken cancellationToken)
    {
        if (!LacksBody)
            return this;
        var body = await BodyChunks.ReadAsync(messages, partition, Length, ChunkKeys, cancellationToken);
        return body is null ? null : this with { Body = body };
    }

    private static ProducerNumber? OwnOf(string? text)
    {
        if (text?.Split('!', 3) is not [var number, var epoch, var producer])
            return null;
        return new(new(producer), Hex(number), Hex(epoch), null);

        static long Hex(string digits) => long.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}

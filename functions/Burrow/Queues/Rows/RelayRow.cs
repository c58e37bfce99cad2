using System.Globalization;
using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>
/// A row of a queue's outbox: all that another deployment needs of a message. The message itself may be consumed before it is sent.
/// </summary>
internal sealed record RelayRow
{
    private const string IncarnationColumn = "relay";
    private const string CountColumn = "count";
    private const string WrittenColumn = "written";
    private const string InsertedColumn = "inserted";
    private const string VisibleColumn = "visible";
    private const string PriorityColumn = "priority";
    private const string LengthColumn = "length";
    private const string OwnColumn = "own";

    /// <summary>The columns of a row, without its body.</summary>
    public static readonly IReadOnlyList<string> WithoutBody =
    [
        MessageColumns.Id, IncarnationColumn, CountColumn, WrittenColumn, InsertedColumn, MessageColumns.ExpiresAt, VisibleColumn,
        PriorityColumn, LengthColumn, OwnColumn, MessageColumns.Group, MessageColumns.ContentType, MessageColumns.TraceParent,
        MessageColumns.Origin,
    ];

    /// <summary>The columns of a row, without the chunks of a larger body.</summary>
    public static readonly IReadOnlyList<string> Columns = [.. WithoutBody, MessageColumns.Body];

    /// <summary>The columns that say how many rows there are.</summary>
    public static readonly IReadOnlyList<string> ColumnsOfCount = [CountColumn, WrittenColumn];

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

    /// <summary>Whether the body is in rows of its own.</summary>
    public bool IsInChunks => BodyChunks.CountOf(Length) > 0;

    private IEnumerable<string> ChunkKeys =>
        Enumerable.Range(0, BodyChunks.CountOf(Length)).Select(n => QueueKeys.OutboxChunk(Sequence, n));

    /// <summary>
    /// Deletes rows with their bodies. One that was written anew since it was read stays: another relay may need what this one needs no
    /// more.
    /// </summary>
    public static async Task DeleteAsync(ITable messages, string partition, IEnumerable<RelayRow> rows)
    {
        var rest = rows.ToList();
        while (rest.Count > 0)
        {
            var (operations, owners) = (new List<Operation>(), new List<RelayRow>());
            foreach (var row in rest)
            {
                List<Operation> deletes =
                [
                    Operation.Delete(QueueKeys.Outbox(row.Sequence), row.ETag),
                    .. row.ChunkKeys.Select(key => Operation.Delete(key, Operation.Any)),
                ];
                if (operations.Count + deletes.Count > TableLimits.TransactionOperations)
                    break;
                operations.AddRange(deletes);
                owners.AddRange(deletes.Select(_ => row));
            }

            var result = await messages.SubmitAsync(partition, operations, CancellationToken.None);
            if (result.Committed)
                rest.RemoveRange(0, rest.IndexOf(owners[^1]) + 1);
            else
                rest.Remove(owners[Math.Max(0, result.FailedIndex)]);
        }
    }

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
    /// <param name="mark">The mark of the head.</param>
    /// <param name="now">UTC ticks.</param>
    public static RelayRow Of(MessageRow row, byte[] body, RelayMark mark, long now) => new()
    {
        Sequence = row.Sequence,
        Id = row.Id,
        Incarnation = mark.Incarnation,
        Count = mark.Count,
        Written = now,
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

    /// <summary>The operations that write the row.</summary>
    public IEnumerable<Operation> Insert()
    {
        yield return Operation.Insert(QueueKeys.Outbox(Sequence), new Columns
        {
            { MessageColumns.Id, Id.Value },
            { IncarnationColumn, Incarnation },
            { CountColumn, Count },
            { WrittenColumn, Written },
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
            { MessageColumns.Body, IsInChunks ? null : Body },
        });
        foreach (var operation in BodyChunks.Insert(Body, n => QueueKeys.OutboxChunk(Sequence, n)))
            yield return operation;
    }

    /// <summary>Whether the row of an outbox is a message's own row, and not a chunk of its body.</summary>
    public static bool IsMessage(string key) => key.Length == QueueKeys.OutboxFrom.Length + 16;

    /// <summary>The sequence of a row or a chunk.</summary>
    public static Sequence SequenceOf(string key) => Sequence.TryParse(key.Substring(QueueKeys.OutboxFrom.Length, 16))!.Value;

    /// <summary>The count of a row, and when it was written.</summary>
    public static (long Count, long Written) CountOf(Row row) =>
        (row.Columns.GetInteger(CountColumn), row.Columns.GetInteger(WrittenColumn));

    public static RelayRow From(Row row)
    {
        var columns = row.Columns;
        return new()
        {
            ETag = row.ETag,
            Sequence = SequenceOf(row.Key),
            Id = new(columns.GetString(MessageColumns.Id)!),
            Incarnation = columns.GetString(IncarnationColumn)!,
            Count = columns.GetInteger(CountColumn),
            Written = columns.GetInteger(WrittenColumn),
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
        if (!IsInChunks)
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

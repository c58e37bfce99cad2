using System.Globalization;
using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Producers;

/// <summary>The row of a producer in its queue's partition, and the expiry row beside it.</summary>
/// <param name="ETag">The row's ETag as it was read; null: there is no row.</param>
/// <param name="State">What the row says.</param>
/// <param name="ExpiresAt">When the producer is forgotten, UTC ticks; 0: there is no row.</param>
internal sealed record ProducerRow(string? ETag, ProducerState State, long ExpiresAt)
{
    private const string NameColumn = "name";
    private const string LastColumn = "last";
    private const string EpochColumn = "epoch";
    private const string UsedColumn = "used";

    private string Key => QueueKeys.Producer(State.Name);

    /// <summary>A producer of which nothing is stored.</summary>
    public static ProducerRow New(ProducerName name) => new(null, new(name, null, 0, default), 0);

    public static ProducerRow From(Row row) => new(
        row.ETag,
        new(
            new(row.Columns.GetString(NameColumn)!),
            row.Columns.GetString(LastColumn) is { } last ? long.Parse(last, CultureInfo.InvariantCulture) : null,
            row.Columns.GetInteger(EpochColumn),
            new(row.Columns.GetInteger(UsedColumn), TimeSpan.Zero)),
        row.Columns.GetInteger(MessageColumns.ExpiresAt));

    /// <summary>Reads a producer's row. One that is expired counts as missing, but is replaced and not inserted.</summary>
    public static async Task<ProducerRow> ReadAsync(
        QueueContext context, QueueAddress queue, ProducerName name, CancellationToken cancellationToken)
    {
        if (await context.Messages.GetAsync(queue.Partition, QueueKeys.Producer(name), cancellationToken) is not { } found)
            return New(name);
        var row = From(found);
        return row.ExpiresAt > context.Now ? row : row with { State = New(name).State };
    }

    /// <summary>The same producer after a change now.</summary>
    public ProducerRow With(ProducerState state, DateTimeOffset now) => new(
        ETag, state with { Used = now }, (now.UtcDateTime.Date + ProducerLimits.Kept + TimeSpan.FromDays(1)).Ticks);

    /// <summary>The operations that put this row in place of what was read. The first one is on the row itself.</summary>
    /// <param name="old">The row as it was read.</param>
    public IReadOnlyList<Operation> Write(ProducerRow old)
    {
        var columns = new Columns
        {
            { NameColumn, State.Name.Value },
            { EpochColumn, State.Epoch },
            { UsedColumn, State.Used.UtcTicks },
            { MessageColumns.ExpiresAt, ExpiresAt },
        };
        if (State.Last is { } last)
            columns.Add(LastColumn, last.ToString(CultureInfo.InvariantCulture));
        var write = old.ETag is { } etag ? Operation.Replace(Key, columns, etag) : Operation.Insert(Key, columns);
        return old.ExpiresAt == ExpiresAt
            ? [write]
            : [write, .. ExpiringRow.Move(Key, old.ETag is null ? null : old.ExpiresAt, ExpiresAt)];
    }

    /// <summary>The operations that remove the row.</summary>
    public IReadOnlyList<Operation> Remove() => ExpiringRow.Remove(Key, ETag!, ExpiresAt);
}

using Burrow.Queues.Rows;
using Burrow.Tables;

namespace Burrow.Queues.Groups;

/// <summary>The row of a group that has messages.</summary>
/// <param name="ETag">The row's ETag as it was read; null: there is no row.</param>
/// <param name="Name">The group.</param>
/// <param name="Ready">How many of its messages are in the visible and the hidden line, those too that have expired.</param>
/// <param name="Held">How many of its messages are dead and hold it back.</param>
internal sealed record GroupRow(string? ETag, GroupName Name, long Ready, long Held)
{
    private const string ReadyColumn = "ready";
    private const string HeldColumn = "held";

    private string Key => QueueKeys.Group(Name);

    /// <summary>A group without messages.</summary>
    public static GroupRow New(GroupName name) => new(null, name, 0, 0);

    public static GroupRow From(Row row) => new(
        row.ETag,
        new(row.Columns.GetString(MessageColumns.Group)!),
        row.Columns.GetInteger(ReadyColumn),
        row.Columns.GetInteger(HeldColumn));

    /// <summary>Whether it is the row of a group, and not of one of its waiting messages.</summary>
    public static bool IsGroup(Row row) => row.Columns.GetString(MessageColumns.Group) is not null;

    /// <summary>The operation that removes the row that was read.</summary>
    public Operation Remove() => Operation.Delete(Key, ETag!);

    /// <summary>The operation that puts this row in place of the one with its ETag.</summary>
    public Operation Write()
    {
        var columns = new Columns(3)
        {
            { MessageColumns.Group, Name.Value },
            { ReadyColumn, Ready },
            { HeldColumn, Held },
        };
        return ETag is null ? Operation.Insert(Key, columns) : Operation.Replace(Key, columns, ETag);
    }
}

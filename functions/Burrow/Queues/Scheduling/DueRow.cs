using System.Globalization;
using Burrow.Tables;

namespace Burrow.Queues.Scheduling;

/// <summary>A queue that the timer must visit, and the minute of the visit (counted since year 1).</summary>
/// <param name="Key">The key.</param>
/// <param name="ETag">The ETag.</param>
/// <param name="Minute">The minute.</param>
/// <param name="Queue">The queue.</param>
/// <param name="IsForRecount">Whether only a count that came too early needs the visit, and no change of the queue does.</param>
internal sealed record DueRow(string Key, string ETag, long Minute, QueueAddress Queue, bool IsForRecount)
{
    public const string AccountColumn = "account";
    public const string QueueColumn = "queue";
    public const string RecountColumn = "recount";

    /// <summary>Stands for the relays of an account, which were changed. No queue has an empty name.</summary>
    public static QueueAddress PreparingOf(AccountName account) => new(account, new(""));

    /// <summary>Whether the account's relays need the visit, and no queue does.</summary>
    public bool IsForPreparing => Queue.Queue.Value.Length == 0;

    public static string KeyOf(long minute, QueueAddress queue) => $"{minute:x8}!{queue.Partition}";

    public static DueRow From(Row row) => new(
        row.Key,
        row.ETag,
        long.Parse(row.Key.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        new QueueAddress(new(row.Columns.GetString(AccountColumn)!), new(row.Columns.GetString(QueueColumn)!)),
        row.Columns.GetInteger(RecountColumn) != 0);
}

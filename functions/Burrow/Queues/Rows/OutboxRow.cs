using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>An event to publish: a row of a queue's outbox.</summary>
internal sealed record OutboxRow(string Key, Columns Columns)
{
    /// <summary>The operation that writes the row, in the transaction of the change that the event is about.</summary>
    public Operation Insert => Operation.Insert(Key, Columns);

    /// <summary>When the timer must publish it if the process that wrote it does not, UTC ticks.</summary>
    public static long DrainAt(long now) => now + TimeSpan.TicksPerMinute;
}

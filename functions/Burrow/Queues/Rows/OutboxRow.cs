using Burrow.Tables;

namespace Burrow.Queues.Rows;

/// <summary>Something to tell: a row of a queue's outbox.</summary>
internal sealed record OutboxRow(string Key, Columns Columns)
{
    /// <summary>Writes it along with what it is about.</summary>
    public Operation Insert => Operation.Insert(Key, Columns);

    /// <summary>When the timer must see to it, should its process not get to it.</summary>
    public static long DrainAt(long now) => now + TimeSpan.TicksPerMinute;
}

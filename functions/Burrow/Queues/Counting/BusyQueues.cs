using System.Collections.Concurrent;

namespace Burrow.Queues.Counting;

/// <summary>Counts what this process does to each queue, while a metric needs it.</summary>
internal sealed class BusyQueues
{
    private ConcurrentDictionary<QueueAddress, long> changes = new();

    /// <summary>Whether a metric needs it.</summary>
    public bool IsEnabled { get; set; }

    public void Record(QueueAddress queue, QueueCounts count)
    {
        if (IsEnabled)
            changes.AddOrUpdate(queue, Of(count), (_, before) => before + Of(count));

        static long Of(QueueCounts count) => count.Inserted + count.Claimed + count.Deleted + count.Expired;
    }

    /// <summary>The queues with the most changes since the last call, busiest first.</summary>
    public IReadOnlyList<QueueAddress> TakeBusiest(int max)
    {
        var counted = Interlocked.Exchange(ref changes, new());
        // A request may still add to it. ToArray copies under the locks, OrderByDescending alone would not.
        return [
            .. counted.ToArray().OrderByDescending(one => one.Value)
                .ThenBy(one => one.Key.Partition, StringComparer.Ordinal)
                .Take(max)
                .Select(one => one.Key)];
    }
}

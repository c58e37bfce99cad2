using System.ComponentModel.DataAnnotations;

namespace Burrow.Access;

/// <summary>
/// The section <c>Burrow:Quotas</c>: the limits of an account for which no others were set (<c>PUT /limits/{account}</c>).
/// </summary>
public sealed class QuotasOptions
{
    /// <summary>No limit: a number that no account reaches.</summary>
    public const long Unlimited = 9_007_199_254_740_991;

    /// <summary>No limit on the requests that are served at a time.</summary>
    internal const long UnlimitedConcurrent = 1_000_000;

    /// <summary>Requests of an account that one process serves in a second.</summary>
    [Range(1, Unlimited)]
    public long RequestsPerSecond { get; set; } = 1_000;

    /// <summary>Messages stored.</summary>
    [Range(0, Unlimited)]
    public long Messages { get; set; } = 10_000_000;

    /// <summary>Bytes of the bodies of stored messages.</summary>
    [Range(0, Unlimited)]
    public long Bytes { get; set; } = 100L * 1024 * 1024 * 1024;

    /// <summary>Queues that hold a message.</summary>
    [Range(0, Unlimited)]
    public long Queues { get; set; } = 10_000;

    /// <summary>Requests that wait at a time, in one process.</summary>
    [Range(0, 1_000_000)]
    public long Waiting { get; set; } = 1_000;

    /// <summary>
    /// Requests that one process serves at a time; further requests wait in a queue. A request counts once for each MiB that it may
    /// bring or be answered with. One that goes through a whole queue or account counts as half of all. A request that waits for a
    /// message does not count.
    /// </summary>
    [Range(2, UnlimitedConcurrent)]
    public long Concurrent { get; set; } = 32;

    /// <summary>Subscriptions. Event Grid accepts 500 for a topic.</summary>
    [Range(0, 500)]
    public long Subscriptions { get; set; } = 20;

    /// <summary>The memory for the requests of all accounts together; null: as much as the process allows. Not a setting.</summary>
    internal long? MemoryBytes { get; set; }

    /// <summary>Removes all limits except those that protect the process itself.</summary>
    internal void RemoveAll()
    {
        RequestsPerSecond = Messages = Bytes = Queues = Unlimited;
        Concurrent = UnlimitedConcurrent;
    }
}

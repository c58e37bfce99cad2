using System.ComponentModel.DataAnnotations;

namespace Burrow.Access;

/// <summary>The section <c>Burrow:Quotas</c>: what an account may for which nothing else was set (<c>PUT /limits/{account}</c>).</summary>
public sealed class QuotasOptions
{
    /// <summary>As much as it likes: a number that no account comes to.</summary>
    public const long Unlimited = 9_007_199_254_740_991;

    /// <summary>As many at a time as come.</summary>
    internal const long UnlimitedConcurrent = 1_000_000;

    /// <summary>Requests that one process serves it in a second.</summary>
    [Range(1, Unlimited)]
    public long RequestsPerSecond { get; set; } = 1_000;

    /// <summary>Messages stored.</summary>
    [Range(0, Unlimited)]
    public long Messages { get; set; } = 10_000_000;

    /// <summary>Bytes of their bodies.</summary>
    [Range(0, Unlimited)]
    public long Bytes { get; set; } = 100L * 1024 * 1024 * 1024;

    /// <summary>Queues that hold a message.</summary>
    [Range(0, Unlimited)]
    public long Queues { get; set; } = 10_000;

    /// <summary>Requests that wait at a time, in one process.</summary>
    [Range(0, 1_000_000)]
    public long Waiting { get; set; } = 1_000;

    /// <summary>
    /// Requests that are served at a time, in one process; those beyond queue. One counts as many as it may bring, or be answered
    /// with, in MiB; one that goes through a whole queue or account as half of all. Who waits for a message doesn't count.
    /// </summary>
    [Range(2, UnlimitedConcurrent)]
    public long Concurrent { get; set; } = 32;

    /// <summary>Subscriptions. Event Grid takes 500 for a topic.</summary>
    [Range(0, 500)]
    public long Subscriptions { get; set; } = 20;

    /// <summary>No bounds but those that the process needs for itself.</summary>
    internal void RemoveAll()
    {
        RequestsPerSecond = Messages = Bytes = Queues = Unlimited;
        Concurrent = UnlimitedConcurrent;
    }
}

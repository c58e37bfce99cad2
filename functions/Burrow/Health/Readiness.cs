using System.Security.Cryptography;
using Burrow.Access;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Health;

/// <summary>
/// Whether the service can do its work: storage answers and takes writes, every table exists, and the timer is not late. All requests
/// within <see cref="HealthLimits.ReadinessFreshness"/> get the same result, so more requests cost no more.
/// </summary>
internal sealed partial class Readiness(ITableStore store, LastSweep last, TimeProvider time, ILogger<Readiness> logger)
{
    /// <summary>Every table that a process needs.</summary>
    public static readonly IReadOnlyList<string> Tables = [.. QueueEngine.TableNames, SubscriptionTable.Name, AccessTable.Name];

    /// <summary>The one row that checks write, in a partition of its own in table <c>due</c>.</summary>
    private const string Partition = "written";
    private const string Key = "check";
    private const string DataColumn = "data";

    /// <summary>
    /// As many bytes as the largest body in one row. On a full disk, a smaller row may still have room where a put has none. The bytes are
    /// random, so that no file system makes them smaller.
    /// </summary>
    private static readonly byte[] Data = RandomNumberGenerator.GetBytes(QueueLimits.InlineBytes);

    private readonly Lock gate = new();
    private DateTimeOffset started = time.GetUtcNow();
    private Task<ReadinessReport>? looking;
    private long lookedAt;

    /// <summary>
    /// Notes that the process starts. The timer of a new deployment has not run yet. The same holds for one that was stopped for a while.
    /// </summary>
    public void Start() => started = time.GetUtcNow();

    public Task<ReadinessReport> CheckAsync()
    {
        lock (gate)
        {
            if (looking is null || (looking.IsCompleted && time.GetElapsedTime(lookedAt) > HealthLimits.ReadinessFreshness))
            {
                lookedAt = time.GetTimestamp();
                looking = RunChecksAsync();
            }

            return looking;
        }
    }

    private async Task<ReadinessReport> RunChecksAsync()
    {
        using var patience = new CancellationTokenSource(HealthLimits.ReadinessTime, time);
        // This is a query, because storage answers a read of one row in a missing table as if only the row were missing.
        var query = new RowQuery(QueueKeys.First, QueueKeys.End) { Top = 1 };
        var problems = (await Task.WhenAll(
            Tables.Select(
                table => TryAsync(table, "read", () => store.Open(table).QueryAsync("ready", query, patience.Token), patience.Token))))
            .OfType<string>().ToList();
        DateTimeOffset? swept = null;
        if (problems.Count == 0)
        {
            problems.AddRange((await Task.WhenAll(
                TryAsync(QueueContext.DueTable, "read", async () => swept = await last.ReadAsync(patience.Token), patience.Token),
                TryAsync(QueueContext.DueTable, "written", () => WriteAsync(patience.Token), patience.Token))).OfType<string>());
        }

        if (problems.Count > 0)
            return new(null, problems);
        var since = swept > started ? swept.Value : started;
        if (time.GetUtcNow() - since > HealthLimits.SweepLate)
            problems.Add($"The timer has not finished since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}.");
        return new(swept, problems);
    }

    /// <summary>Reads succeed where writes don't: on a full disk, in a full storage account, with a role that may only read.</summary>
    private Task WriteAsync(CancellationToken cancellationToken) => store.Open(QueueContext.DueTable).SubmitAsync(
        Partition, [Operation.Upsert(Key, new Columns(1) { { DataColumn, Data } })], cancellationToken);

    /// <returns>The problem, in words; null if there is none.</returns>
    private async Task<string?> TryAsync(string table, string tried, Func<Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act().WaitAsync(cancellationToken);
            return null;
        }
        catch (Exception e)
        {
            // Only the log gets the reason: it may contain details that clients must not see.
            NotReady(table, tried, e.Message);
            return $"Table '{table}' can't be {tried}.";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not ready: table {Table} can't be {Tried}. {Reason}")]
    private partial void NotReady(string table, string tried, string reason);
}

/// <summary>The result of a readiness check.</summary>
/// <param name="Swept">When the timer last finished; null if it never did, or if this is unknown.</param>
/// <param name="Problems">The problems that keep the service from its work, in words for the client. Empty if it is ready.</param>
internal sealed record ReadinessReport(DateTimeOffset? Swept, IReadOnlyList<string> Problems);

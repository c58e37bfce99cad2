using Burrow.Access;
using Burrow.Events.Subscriptions;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Health;

/// <summary>
/// Whether the service can do its work: storage answers, every table is there, the timer isn't late. Whoever asks within
/// <see cref="HealthLimits.ReadinessFreshness"/> is told the same, so asking often costs no more.
/// </summary>
internal sealed partial class Readiness(ITableStore store, LastSweep last, TimeProvider time, ILogger<Readiness> logger)
{
    /// <summary>Every table that a process needs.</summary>
    public static readonly IReadOnlyList<string> Tables = [.. QueueEngine.TableNames, SubscriptionTable.Name, AccessTable.Name];

    private readonly Lock gate = new();
    private DateTimeOffset started = time.GetUtcNow();
    private Task<ReadinessReport>? looking;
    private long lookedAt;

    /// <summary>The process starts: the timer of a new deployment has yet to run, and so has one that was stopped for a while.</summary>
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
        // A query: to ask for one row of a table that isn't there is answered as if the row weren't.
        var query = new RowQuery(QueueKeys.First, QueueKeys.End) { Top = 1 };
        var problems = (await Task.WhenAll(
            Tables.Select(table => TryAsync(table, () => store.Open(table).QueryAsync("ready", query, patience.Token), patience.Token))))
            .OfType<string>().ToList();
        DateTimeOffset? swept = null;
        if (problems.Count == 0
            && await TryAsync(
                QueueContext.DueTable, async () => swept = await last.ReadAsync(patience.Token), patience.Token) is { } problem)
        {
            problems.Add(problem);
        }

        if (problems.Count > 0)
            return new(null, problems);
        var since = swept > started ? swept.Value : started;
        if (time.GetUtcNow() - since > HealthLimits.SweepLate)
            problems.Add($"The timer has not finished since {since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}.");
        return new(swept, problems);
    }

    /// <returns>What is wrong; null if nothing is.</returns>
    private async Task<string?> TryAsync(string table, Func<Task> read, CancellationToken cancellationToken)
    {
        try
        {
            await read().WaitAsync(cancellationToken);
            return null;
        }
        catch (Exception e)
        {
            // Why is for the log: it may name what is no client's business.
            NotReadable(table, e.Message);
            return $"Table '{table}' can't be read.";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not ready: table {Table} can't be read. {Reason}")]
    private partial void NotReadable(string table, string reason);
}

/// <summary>What was found.</summary>
/// <param name="Swept">When the timer last finished; null if it never did, or nobody knows.</param>
/// <param name="Problems">What keeps it from its work, in words for whoever asks.</param>
internal sealed record ReadinessReport(DateTimeOffset? Swept, IReadOnlyList<string> Problems);

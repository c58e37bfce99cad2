using System.Diagnostics;
using Burrow.Telemetry;

namespace Burrow.Tables.Wrappers;

/// <summary>
/// Records each request to a table of any engine. It makes a span under the current one (OpenTelemetry's conventions for database
/// clients), and measures the duration. If no listener is active, it only forwards the request.
/// </summary>
/// <param name="inner">The table.</param>
/// <param name="system">The engine's name.</param>
/// <param name="name">The table's name, without its prefix.</param>
internal sealed class ObservedTable(ITable inner, string system, string name) : ITable
{
    private const string Done = "ok";
    private const string Unavailable = "unavailable";

    public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken) =>
        IsOff ? inner.GetAsync(partition, key, cancellationToken) : GetObservedAsync(partition, key, cancellationToken);

    public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken) =>
        IsOff ? inner.QueryAsync(partition, query, cancellationToken) : QueryObservedAsync(partition, query, cancellationToken);

    public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
        IsOff ? inner.SubmitAsync(partition, operations, cancellationToken) : SubmitObservedAsync(partition, operations, cancellationToken);

    private static bool IsOff => !Instruments.StorageDuration.Enabled && !IsTraced;

    /// <summary>
    /// Whether to make spans. Work that belongs to no request, for example a poll for waiting requests, would be a trace of one span
    /// each.
    /// </summary>
    private static bool IsTraced => Instruments.Source.HasListeners() && Activity.Current is not null;

    // Separate from the methods above, which would otherwise create objects for these lambdas on every call.
    private Task<Row?> GetObservedAsync(string partition, string key, CancellationToken cancellationToken) =>
        ObserveAsync(
            "get", 0, () => inner.GetAsync(partition, key, cancellationToken), row => (row is null ? 0 : 1, Done), cancellationToken);

    private Task<RowPage> QueryObservedAsync(string partition, RowQuery query, CancellationToken cancellationToken) =>
        ObserveAsync(
            "query", 0, () => inner.QueryAsync(partition, query, cancellationToken), page => (page.Rows.Count, Done), cancellationToken);

    private Task<SubmitResult> SubmitObservedAsync(
        string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) => ObserveAsync(
        "submit",
        operations.Count,
        () => inner.SubmitAsync(partition, operations, cancellationToken),
        result => (0, result.Committed ? Done : "refused"),
        cancellationToken);

    private async Task<T> ObserveAsync<T>(
        string operation,
        int operations,
        Func<Task<T>> call,
        Func<T, (int Rows, string Outcome)> judge,
        CancellationToken cancellationToken)
    {
        using var span = IsTraced ? Instruments.Source.StartActivity($"{operation} {name}", ActivityKind.Client) : null;
        span?.SetTag("db.system.name", system).SetTag("db.collection.name", name).SetTag("db.operation.name", operation);
        if (operations > 0)
            span?.SetTag("db.operation.batch.size", operations);
        var begun = Stopwatch.GetTimestamp();
        var outcome = Unavailable;
        try
        {
            var result = await call();
            (var rows, outcome) = judge(result);
            if (operations == 0)
                span?.SetTag("db.response.returned_rows", rows);
            return result;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = "cancelled";
            throw;
        }
        finally
        {
            if (outcome != Done)
                span?.SetTag("error.type", outcome).SetStatus(outcome == Unavailable ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
            Instruments.StorageDuration.Record(
                Stopwatch.GetElapsedTime(begun).TotalSeconds,
                new("db.collection.name", name),
                new("db.operation.name", operation),
                new KeyValuePair<string, object?>("burrow.outcome", outcome));
        }
    }
}

using Burrow.Telemetry;

namespace Burrow.Tables.Wrappers;

/// <summary>
/// Tries again when storage is unavailable: delays have jitter and double, and retries are bounded. A transaction is sent again without
/// any change. Its conditions still apply, so it can be carried out only if it was not carried out before. If it is refused after an
/// attempt of unknown outcome, the result is <see cref="SubmitResult.Uncertain"/>. Then the sender must look for its own revision.
/// </summary>
internal sealed class RetryingTable(ITable inner, TimeProvider time, Random random) : ITable
{
    /// <summary>How often a request is repeated when storage did not answer, or answered 503.</summary>
    private const int MaxRetries = 5;

    /// <summary>How long one request is repeated.</summary>
    private static readonly TimeSpan MaxRetryTime = TimeSpan.FromSeconds(20);

    private static readonly Backoff Delays = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));

    public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken) =>
        RetryAsync(_ => inner.GetAsync(partition, key, cancellationToken), cancellationToken);

    public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken) =>
        RetryAsync(_ => inner.QueryAsync(partition, query, cancellationToken), cancellationToken);

    public Task<SubmitResult> SubmitAsync(string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
        RetryAsync(
            async again =>
            {
                var result = await inner.SubmitAsync(partition, operations, cancellationToken);
                return again && !result.Committed ? result with { Uncertain = true } : result;
            },
            cancellationToken);

    private async Task<T> RetryAsync<T>(Func<bool, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await attempt(tries > 0);
            }
            catch (TableUnavailableException) when (tries < MaxRetries && time.GetElapsedTime(begun) < MaxRetryTime)
            {
                Instruments.StorageRetries.Add(1);
                await Task.Delay(Delays.Delay(tries, random), time, cancellationToken);
            }
        }
    }
}

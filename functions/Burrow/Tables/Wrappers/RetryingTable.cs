using Burrow.Telemetry;

namespace Burrow.Tables.Wrappers;

/// <summary>
/// Tries again where storage is unavailable: with jitter, doubling, bounded. A transaction is sent again exactly as it was:
/// its conditions still stand, so it can only be carried out if it had not been. Refused after an attempt of unknown outcome,
/// the result is <see cref="SubmitResult.Uncertain"/>, and its sender must look for its own revision to know.
/// </summary>
internal sealed class RetryingTable(ITable inner, TimeProvider time, Random random) : ITable
{
    /// <summary>How often one request is repeated that storage did not answer, or answered 503.</summary>
    private const int MaxRetries = 5;

    /// <summary>For how long such a request is repeated.</summary>
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

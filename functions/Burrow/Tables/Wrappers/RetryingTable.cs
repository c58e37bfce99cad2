using Burrow.Telemetry;

namespace Burrow.Tables.Wrappers;

/// <summary>
/// Tries again where storage is unavailable: with jitter, doubling, bounded. A transaction is sent again exactly as it was:
/// its conditions still stand, so it can only be carried out if it had not been. Refused after an attempt of unknown outcome,
/// the result is <see cref="SubmitResult.Uncertain"/>, and its sender must look for its own revision to know.
/// </summary>
internal sealed class RetryingTable(ITable inner, TimeProvider time, Random random) : ITable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);

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
            catch (TableUnavailableException) when (tries < Limits.StorageRetries && time.GetElapsedTime(begun) < Limits.StorageRetryTime)
            {
                Instruments.StorageRetries.Add(1);
                await Task.Delay(Backoff.Next(tries, FirstDelay, MaxDelay, random), time, cancellationToken);
            }
        }
    }
}

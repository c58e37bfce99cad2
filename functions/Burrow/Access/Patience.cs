namespace Burrow.Access;

/// <summary>Waits that end after some time with an error of their own.</summary>
internal static class Patience
{
    /// <summary>Waits for a result, but not longer than allowed.</summary>
    /// <param name="wait">Waits until its token is cancelled.</param>
    /// <param name="max">The longest wait; null: as long as it takes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="error">Makes the error of a wait that took too long.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public static async ValueTask<T> WithinAsync<T>(
        Func<CancellationToken, ValueTask<T>> wait,
        TimeSpan? max,
        TimeProvider time,
        Func<BurrowException> error,
        CancellationToken cancellationToken)
    {
        if (max is not { } longest)
            return await wait(cancellationToken);
        using var patience = new CancellationTokenSource(longest, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await wait(ended.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw error();
        }
    }
}

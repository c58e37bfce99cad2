namespace Burrow.Local.EventGrid;

/// <summary>Repeats what storage or the disk fails to do.</summary>
internal sealed partial class Retry(TimeProvider time, ILogger<Retry> logger)
{
    /// <summary>The wait before the next try.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Repeats an action until it succeeds.</summary>
    public async Task<T> UntilDoneAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await act();
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Unavailable(e.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    /// <inheritdoc cref="UntilDoneAsync{T}"/>
    public Task UntilDoneAsync(Func<Task> act, CancellationToken cancellationToken) => UntilDoneAsync(
        async () =>
        {
            await act();
            return true;
        },
        cancellationToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event Grid's stand-in has no storage: {Reason}")]
    private partial void Unavailable(string reason);
}

namespace Burrow.Caching;

/// <summary>
/// Values that are read from storage and rarely change. One row shows whether any of them changed: its version. The version is read every
/// few seconds, and a value is read again only after the version has changed. So while there are no values at all, a look costs nothing
/// more than that one read.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="capacity">How many values are kept.</param>
/// <param name="readVersion">
/// Reads the version; null: there is no value at all. Whoever changes a value changes the version as well.
/// </param>
/// <param name="read">Reads a value, at least as new as the version that was read before.</param>
internal sealed class VersionedCache<TKey, TValue>(
    TimeProvider time, int capacity, Func<Task<string?>> readVersion, Func<TKey, CancellationToken, Task<TValue>> read)
    where TKey : notnull
    where TValue : class
{
    /// <summary>For how long the process relies on what it read. With the time that a read takes, this is 5 s at most.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private readonly BoundedCache<TKey, (string Version, TValue Value)> values = new(capacity);
    private readonly Lock gate = new();
    private Task<string?>? reading;
    private long readAt;

    /// <summary>The value of a key, as of 5 s ago at most; null: there is no value at all.</summary>
    public async ValueTask<TValue?> GetAsync(TKey key, CancellationToken cancellationToken)
    {
        if (await VersionAsync() is not { } version)
            return null;
        if (values.TryGet(key, out var found) && found.Version == version)
            return found.Value;
        var value = await read(key, cancellationToken);
        values.Set(key, (version, value));
        return value;
    }

    /// <summary>Has the version read again at the next look: this process changed a value.</summary>
    public void Forget()
    {
        lock (gate)
            reading = null;
    }

    /// <summary>The version. Callers that arrive during a read wait for its result.</summary>
    private ValueTask<string?> VersionAsync()
    {
        var look = Read();
        return look.Read.IsCompletedSuccessfully ? new(look.Read.Result) : new(WaitAsync(look));
    }

    private async Task<string?> WaitAsync((Task<string?> Read, bool IsOwn) look)
    {
        if (look.IsOwn)
            return await look.Read;
        try
        {
            return await look.Read;
        }
        catch
        {
            // That read began before this look. Only the failure of a later one is this caller's.
            return await Read().Read;
        }
    }

    /// <summary>The read that is under way or still good, or a new one.</summary>
    private (Task<string?> Read, bool IsOwn) Read()
    {
        lock (gate)
        {
            var isOwn = reading is null || reading.IsFaulted || (reading.IsCompleted && time.GetElapsedTime(readAt) > Fresh);
            if (isOwn)
            {
                readAt = time.GetTimestamp();
                reading = readVersion();
            }

            return (reading!, isOwn);
        }
    }
}

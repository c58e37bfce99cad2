using Burrow.Caching;

namespace Burrow.Access;

/// <summary>
/// Remembers what was read, also that there was no value, for <see cref="AccessLimits.AccessFreshness"/> from before the read.
/// Callers that come during a read get its result. A failure is not remembered.
/// </summary>
internal sealed class ReadCache<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    private readonly TimeProvider time;
    private readonly BoundedCache<TKey, Entry> entries;

    /// <summary>Kept, because each request needs them.</summary>
    private readonly Func<Entry, bool> isFresh;

    private readonly Func<TKey, Entry> create;

    public ReadCache(TimeProvider time, Func<TKey, Task<TValue?>> read, int capacity = 50_000)
    {
        this.time = time;
        isFresh = IsFresh;
        create = key => new(time.GetTimestamp(), new(() => read(key)));
        // Spare what is fresh and exists: requests with made-up keys must not evict entries of keys that exist.
        entries = new(capacity, entry => !IsFresh(entry) || entry.IsMissing);
    }

    /// <summary>The value, as remembered or as read now; null: there is none.</summary>
    public Task<TValue?> GetAsync(TKey key) =>
        entries.GetOrReplace(key, isFresh, create).Value.Value;

    /// <summary>Forgets a value, so that the next caller reads it again.</summary>
    public void Forget(TKey key) => entries.Remove(key);

    private bool IsFresh(Entry entry) =>
        time.GetElapsedTime(entry.ReadAt) < AccessLimits.AccessFreshness && !(entry.Value.IsValueCreated && entry.Value.Value.IsFaulted);

    private sealed record Entry(long ReadAt, Lazy<Task<TValue?>> Value)
    {
        public bool IsMissing => Value is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: null } };
    }
}

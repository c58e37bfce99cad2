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
    private const int Capacity = 50_000;

    private readonly TimeProvider time;
    private readonly Func<TKey, Task<TValue?>> read;
    private readonly BoundedCache<TKey, Entry> entries;

    public ReadCache(TimeProvider time, Func<TKey, Task<TValue?>> read)
    {
        (this.time, this.read) = (time, read);
        // Evict first what is out of date or does not exist: requests with made-up keys must not evict entries of keys that exist.
        entries = new(Capacity, entry => !IsFresh(entry) || entry.IsMissing);
    }

    /// <summary>The value, as remembered or as read now; null: there is none.</summary>
    public Task<TValue?> GetAsync(TKey key) =>
        entries.GetOrReplace(key, IsFresh, key => new(time.GetTimestamp(), new(() => read(key)))).Value.Value;

    /// <summary>Forgets a value, so that the next caller reads it again.</summary>
    public void Forget(TKey key) => entries.Remove(key);

    private bool IsFresh(Entry entry) =>
        time.GetElapsedTime(entry.ReadAt) < AccessLimits.AccessFreshness && !(entry.Value.IsValueCreated && entry.Value.Value.IsFaulted);

    private sealed record Entry(long ReadAt, Lazy<Task<TValue?>> Value)
    {
        public bool IsMissing => Value is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: null } };
    }
}

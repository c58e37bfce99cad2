using System.Collections.Concurrent;

namespace Burrow.Access;

/// <summary>
/// Remembers what was read, that nothing was there too, for <see cref="Limits.AccessFreshness"/> from before it was read. Those who
/// come while it is read wait for the same answer; a failure isn't remembered.
/// </summary>
internal sealed class ReadCache<TKey, TValue>(TimeProvider time, Func<TKey, Task<TValue?>> read)
    where TKey : notnull
    where TValue : class
{
    private const int Capacity = 50_000;

    private readonly ConcurrentDictionary<TKey, Entry> entries = new();

    /// <summary>What was read, or is now; null: there is none.</summary>
    public Task<TValue?> GetAsync(TKey key)
    {
        if (entries.TryGetValue(key, out var entry) && IsGood(entry))
            return entry.Value.Value;
        if (entries.Count >= Capacity)
            MakeRoom();
        var fresh = new Entry(time.GetTimestamp(), new(() => read(key)));
        // Where another is reading already, his answer is as fresh.
        entry = entries.AddOrUpdate(key, fresh, (_, found) => IsGood(found) ? found : fresh);
        return entry.Value.Value;
    }

    /// <summary>Reads it anew for whoever asks next.</summary>
    public void Forget(TKey key) => entries.TryRemove(key, out _);

    private bool IsGood(Entry entry) =>
        time.GetElapsedTime(entry.ReadAt) < Limits.AccessFreshness && !(entry.Value.IsValueCreated && entry.Value.Value.IsFaulted);

    /// <summary>What is old goes, then what isn't there: whoever makes up keys shall not push out those that are.</summary>
    private void MakeRoom()
    {
        foreach (var (key, entry) in entries)
        {
            if (!IsGood(entry) || entry.Value is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true, Result: null } })
                entries.TryRemove(KeyValuePair.Create(key, entry));
        }

        if (entries.Count >= Capacity)
            entries.Clear();
    }

    private sealed record Entry(long ReadAt, Lazy<Task<TValue?>> Value);
}

using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Burrow.Caching;

/// <summary>
/// Entries in memory, about <paramref name="capacity"/> at most. When the cache is full, a new entry makes it evict the least recently
/// used entries until half of the capacity is left. Safe for concurrent use; deterministic on one thread.
/// </summary>
/// <param name="capacity">How many entries the cache keeps.</param>
/// <param name="canEvict">Says whether the cache may evict an entry; null: it may evict all.</param>
/// <param name="isStrict">
/// Whether the cache evicts even entries that <paramref name="canEvict"/> protects, when it would grow beyond its capacity. Otherwise
/// it grows.
/// </param>
internal sealed class BoundedCache<TKey, TValue>(int capacity, Func<TValue, bool>? canEvict = null, bool isStrict = true)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Entry> entries = new();
    private long clock;

    /// <summary>
    /// When the cache is beyond its capacity: the number of entries from which another attempt to evict is worth its cost.
    /// </summary>
    private int threshold;

    /// <summary>The number of entries. Locks the whole cache.</summary>
    public int Count => entries.Count;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        var found = entries.TryGetValue(key, out var entry);
        value = found ? Use(entry!) : default;
        return found;
    }

    /// <summary>Returns the entry of a key, and creates it if there is none. Concurrent callers get the same entry.</summary>
    public TValue GetOrAdd(TKey key, Func<TKey, TValue> create)
    {
        if (entries.TryGetValue(key, out var entry))
            return Use(entry);
        MakeRoom();
        return Use(entries.GetOrAdd(key, key => new Entry(create(key))));
    }

    /// <summary>
    /// Returns the entry of a key. Creates it again if there is none or <paramref name="isValid"/> returns false. Concurrent callers
    /// get the same entry.
    /// </summary>
    public TValue GetOrReplace(TKey key, Func<TValue, bool> isValid, Func<TKey, TValue> create)
    {
        if (entries.TryGetValue(key, out var entry) && isValid(entry.Value))
            return Use(entry);
        MakeRoom();
        var created = new Entry(create(key));
        return Use(entries.AddOrUpdate(key, created, (_, found) => isValid(found.Value) ? found : created));
    }

    public void Set(TKey key, TValue value)
    {
        MakeRoom();
        var entry = new Entry(value);
        Use(entry);
        entries[key] = entry;
    }

    public void Remove(TKey key) => entries.TryRemove(key, out _);

    private TValue Use(Entry entry)
    {
        entry.Used = Interlocked.Increment(ref clock);
        return entry.Value;
    }

    private void MakeRoom()
    {
        if (entries.Count is var count && (count < capacity || count < Volatile.Read(ref threshold)))
            return;
        Evict(canEvict);
        if (isStrict && entries.Count >= capacity)
            Evict(null);
        // When few entries could be evicted, the next attempt waits until the cache has more.
        Volatile.Write(ref threshold, entries.Count + (capacity / 4));
    }

    private void Evict(Func<TValue, bool>? mayGo)
    {
        var surplus = entries.Count - (capacity / 2);
        foreach (var entry in entries.OrderBy(entry => entry.Value.Used).Where(entry => mayGo?.Invoke(entry.Value.Value) != false))
        {
            if (surplus-- <= 0)
                return;
            entries.TryRemove(entry);
        }
    }

    private sealed class Entry(TValue value)
    {
        public TValue Value => value;

        public long Used { get; set; }
    }
}

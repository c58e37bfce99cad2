using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Burrow.Caching;

/// <summary>
/// Entries in memory, <paramref name="capacity"/> at most. The entries are in two generations. A use moves an entry to the recent one.
/// When that holds half of the capacity, it becomes the older one, and the cache evicts the older one of before. So an entry is evicted
/// only after at least a quarter of the capacity was used or created since its last use. Safe for concurrent use.
/// </summary>
/// <remarks>
/// There is no list of all entries in the order of their use, because every hit would have to lock it. A hit on the recent generation
/// takes no lock. An eviction without <paramref name="canEvict"/> costs the same for any size.
/// </remarks>
/// <param name="capacity">How many entries the cache keeps.</param>
/// <param name="canEvict">Says whether the cache may evict an entry; null: it may evict all. Called under a lock.</param>
/// <param name="isStrict">
/// Whether the cache evicts even entries that <paramref name="canEvict"/> protects: of each generation, all but a quarter of the
/// capacity. Otherwise it grows beyond its capacity, by up to two times the number of protected entries.
/// </param>
internal sealed class BoundedCache<TKey, TValue>(int capacity, Func<TValue, bool>? canEvict = null, bool isStrict = true)
    where TKey : notnull
{
    /// <summary>Held by every change of the generations.</summary>
    private readonly Lock gate = new();

    private volatile ConcurrentDictionary<TKey, TValue> recent = new();
    private volatile ConcurrentDictionary<TKey, TValue> older = new();

    /// <summary>The number of recent entries. The dictionary would lock itself to count them.</summary>
    private int recentCount;

    /// <summary>The number of recent entries at which the next generation begins.</summary>
    private int maxRecent = capacity / 2;

    /// <summary>The number of entries. Goes through all of them.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return recentCount + older.Keys.Count(key => !recent.ContainsKey(key));
        }
    }

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (recent.TryGetValue(key, out value))
            return true;
        // A generation that begins between these two reads makes the recent entries the older ones. So none is missed.
        if (!older.TryGetValue(key, out value))
            return false;
        lock (gate)
            return TryUse(key, out value);
    }

    /// <summary>Returns the entry of a key, and creates it if there is none. Concurrent callers get the same entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="create">Creates the entry. Called under a lock.</param>
    public TValue GetOrAdd(TKey key, Func<TKey, TValue> create) => GetOrReplace(key, _ => true, create);

    /// <summary>
    /// Returns the entry of a key. Creates it again if there is none or <paramref name="isValid"/> returns false. Concurrent callers
    /// get the same entry.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="isValid">Whether the entry that was found may be used. May be called under a lock.</param>
    /// <param name="create">Creates the entry. Called under a lock.</param>
    public TValue GetOrReplace(TKey key, Func<TValue, bool> isValid, Func<TKey, TValue> create)
    {
        if (recent.TryGetValue(key, out var value) && isValid(value))
            return value;
        lock (gate)
        {
            if (TryUse(key, out value) && isValid(value))
                return value;
            value = create(key);
            Put(key, value);
            return value;
        }
    }

    public void Set(TKey key, TValue value)
    {
        lock (gate)
            Put(key, value);
    }

    public void Remove(TKey key)
    {
        lock (gate)
        {
            older.TryRemove(key, out _);
            if (recent.TryRemove(key, out _))
                recentCount--;
        }
    }

    private bool TryUse(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (recent.TryGetValue(key, out value))
            return true;
        if (!older.TryGetValue(key, out value))
            return false;
        Put(key, value);
        return true;
    }

    private void Put(TKey key, TValue value)
    {
        if (recent.ContainsKey(key))
        {
            recent[key] = value;
            return;
        }

        if (recentCount >= maxRecent)
            BeginGeneration();
        recent[key] = value;
        recentCount++;
    }

    private void BeginGeneration()
    {
        var next = new ConcurrentDictionary<TKey, TValue>();
        var kept = 0;
        if (canEvict is not null)
        {
            foreach (var (key, value) in older)
            {
                if (isStrict && kept >= capacity / 4)
                    break;
                if (recent.ContainsKey(key) || canEvict(value))
                    continue;
                next[key] = value;
                kept++;
            }
        }

        // In this order: a reader that finds nothing in the next generation then finds the older one.
        older = recent;
        recent = next;
        recentCount = kept;
        maxRecent = isStrict ? capacity / 2 : kept + (capacity / 2);
    }
}

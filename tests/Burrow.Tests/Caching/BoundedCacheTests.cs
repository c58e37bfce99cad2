using Burrow.Caching;

namespace Burrow.Tests.Caching;

/// <summary>What the cache keeps and evicts, and that its concurrent callers agree.</summary>
public sealed class BoundedCacheTests
{
    private const int Capacity = 100;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_strict_cache_never_holds_more_than_its_capacity(bool isProtected)
    {
        var cache = new BoundedCache<int, int>(Capacity, _ => !isProtected);
        for (var i = 0; i < 10 * Capacity; i++)
        {
            cache.Set(i, i);
            cache.TryGet(i / 2, out _);
            cache.Count.ShouldBeLessThanOrEqualTo(Capacity);
        }

        cache.TryGet((10 * Capacity) - 1, out _).ShouldBeTrue();
    }

    [Fact]
    public void An_entry_in_use_stays_and_an_unused_one_goes()
    {
        var cache = new BoundedCache<int, string>(Capacity);
        cache.Set(-1, "used");
        cache.Set(-2, "unused");
        for (var i = 0; i < 10 * Capacity; i++)
        {
            cache.Set(i, "other");
            cache.TryGet(-1, out var used).ShouldBeTrue();
            used.ShouldBe("used");
        }

        cache.TryGet(-2, out _).ShouldBeFalse();
    }

    [Fact]
    public void An_entry_outlives_a_quarter_of_the_capacity_of_new_ones()
    {
        for (var before = 0; before < 2 * Capacity; before++)
        {
            var cache = new BoundedCache<int, int>(Capacity);
            for (var i = 0; i < before; i++)
                cache.Set(i, i);
            cache.Set(-1, -1);
            for (var i = 0; i < Capacity / 4; i++)
                cache.Set(Capacity * (2 + i), i);
            cache.TryGet(-1, out _).ShouldBeTrue($"after {before}");
        }
    }

    [Fact]
    public void A_lenient_cache_keeps_every_protected_entry_and_those_just_used()
    {
        var cache = new BoundedCache<int, int>(Capacity, value => value >= 0, isStrict: false);
        for (var i = 1; i <= 6 * Capacity; i++)
            cache.Set(-i, -i);
        for (var i = 0; i < 6 * Capacity; i++)
        {
            cache.Set(i, i);
            cache.TryGet(Math.Max(0, i - (Capacity / 4)), out _).ShouldBeTrue($"{i}");
        }

        Enumerable.Range(1, 6 * Capacity).Where(i => !cache.TryGet(-i, out _)).ShouldBeEmpty();
        cache.Count.ShouldBeLessThanOrEqualTo((6 * Capacity) + Capacity);
    }

    [Fact]
    public void A_strict_cache_keeps_protected_entries_while_others_come()
    {
        var cache = new BoundedCache<int, int>(Capacity, value => value >= 0);
        for (var i = 1; i <= Capacity / 4; i++)
            cache.Set(-i, -i);
        for (var i = 0; i < 10 * Capacity; i++)
            cache.Set(i, i);
        Enumerable.Range(1, Capacity / 4).Where(i => !cache.TryGet(-i, out _)).ShouldBeEmpty();
    }

    [Fact]
    public void An_entry_is_replaced_removed_and_made_once()
    {
        var cache = new BoundedCache<string, int>(Capacity);
        cache.GetOrAdd("a", _ => 1).ShouldBe(1);
        cache.GetOrAdd("a", _ => 2).ShouldBe(1);
        cache.GetOrReplace("a", value => value == 1, _ => 3).ShouldBe(1);
        cache.GetOrReplace("a", value => value != 1, _ => 4).ShouldBe(4);
        cache.Set("a", 5);
        cache.TryGet("a", out var value).ShouldBeTrue();
        (value, cache.Count).ShouldBe((5, 1));
        cache.Remove("a");
        (cache.TryGet("a", out _), cache.Count).ShouldBe((false, 0));
    }

    [Fact]
    public void A_removed_entry_is_in_no_generation()
    {
        var cache = new BoundedCache<int, int>(Capacity);
        cache.Set(-1, -1);
        for (var i = 0; i < Capacity / 2; i++)
            cache.Set(i, i);
        // It is in the older generation; this use copies it to the recent one.
        cache.TryGet(-1, out _).ShouldBeTrue();
        cache.Remove(-1);
        cache.TryGet(-1, out _).ShouldBeFalse();
    }

    [Fact]
    public void Concurrent_callers_share_entries_while_others_are_evicted()
    {
        const int threads = 4;
        var cache = new BoundedCache<int, object>(Capacity, _ => false, isStrict: false);
        var strict = new BoundedCache<int, object>(Capacity, _ => true);
        var found = new object[threads][];
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            found[thread] = new object[10_000];
            for (var i = 0; i < found[thread].Length; i++)
            {
                found[thread][i] = cache.GetOrAdd(i, _ => new object());
                strict.Set((thread * 10_000) + i, found[thread][i]);
                strict.GetOrReplace(i, one => one is string, _ => new object());
                strict.TryGet(i - 1, out _);
                strict.Remove(i - 2);
            }
        });
        foreach (var others in found)
            others.ShouldBe(found[0], ignoreOrder: false);
        strict.Count.ShouldBeLessThanOrEqualTo(Capacity);
    }
}

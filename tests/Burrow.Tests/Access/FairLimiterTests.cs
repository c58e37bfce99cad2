using Burrow.Access;
using CsCheck;

namespace Burrow.Tests.Access;

/// <summary>Weight is shared fairly among owners, and none of it is lost.</summary>
public sealed class FairLimiterTests
{
    private const long Unlimited = long.MaxValue;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_of_one_owner_are_served_in_their_order()
    {
        var limiter = new FairLimiter(1);
        var first = await limiter.AcquireAsync("a", Unlimited, 1, false, Token);
        var second = limiter.AcquireAsync("a", Unlimited, 1, false, Token).AsTask();
        var third = limiter.AcquireAsync("a", Unlimited, 1, false, Token).AsTask();

        first.Dispose();
        (await second).Dispose();
        (await third).Dispose();

        limiter.IsIdle.ShouldBeTrue();
    }

    [Fact]
    public async Task Owners_take_turns_however_many_requests_one_of_them_has()
    {
        var limiter = new FairLimiter(1);
        var lease = await limiter.AcquireAsync("a", Unlimited, 1, false, Token);
        var order = new List<string>();
        var all = new List<Task>();
        foreach (var owner in (string[])["a", "a", "a", "a", "b", "c"])
            all.Add(ServeAsync(owner));

        lease.Dispose();
        await Task.WhenAll(all);

        order.ShouldBe(["a", "b", "c", "a", "a", "a"]);

        async Task ServeAsync(string owner)
        {
            using var mine = await limiter.AcquireAsync(owner, Unlimited, 1, false, Token);
            order.Add(owner);
        }
    }

    [Fact]
    public async Task New_requests_take_turns_with_those_that_waited_for_something_else()
    {
        var limiter = new FairLimiter(1);
        var lease = await limiter.AcquireAsync("a", Unlimited, 1, false, Token);
        var order = new List<bool>();
        var all = new List<Task>();
        foreach (var isResumed in (bool[])[true, true, true, false, false])
            all.Add(ServeAsync(isResumed));

        lease.Dispose();
        await Task.WhenAll(all);

        order.ShouldBe([false, true, false, true, true]);

        async Task ServeAsync(bool isResumed)
        {
            using var mine = await limiter.AcquireAsync("a", Unlimited, 1, isResumed, Token);
            order.Add(isResumed);
        }
    }

    [Fact]
    public async Task An_owner_that_waits_at_its_own_limit_keeps_no_other_from_growing()
    {
        var limiter = new FairLimiter(10);
        using var narrow = await limiter.AcquireAsync("narrow", 2, 2, false, Token);
        var blocked = limiter.AcquireAsync("narrow", 2, 1, false, Token).AsTask();
        using var other = await limiter.AcquireAsync("other", 10, 1, false, Token);

        other.TryGrow(5).ShouldBeTrue();

        narrow.Dispose();
        (await blocked).Dispose();
    }

    [Fact]
    public async Task An_owner_at_its_own_limit_waits_and_others_pass_it()
    {
        var limiter = new FairLimiter(10);
        using var narrow = await limiter.AcquireAsync("narrow", 5, 5, false, Token);
        var blocked = limiter.AcquireAsync("narrow", 5, 1, false, Token).AsTask();

        using var other = await limiter.AcquireAsync("other", 10, 5, false, Token);

        blocked.IsCompleted.ShouldBeFalse();
        narrow.Dispose();
        (await blocked).Dispose();
    }

    [Fact]
    public async Task A_heavy_request_is_not_passed_by_light_ones_for_ever()
    {
        var limiter = new FairLimiter(10);
        var light = await limiter.AcquireAsync("light", Unlimited, 1, false, Token);
        var heavy = limiter.AcquireAsync("heavy", Unlimited, 10, false, Token).AsTask();
        var late = limiter.AcquireAsync("late", Unlimited, 1, false, Token).AsTask();
        late.IsCompleted.ShouldBeFalse();

        light.Dispose();
        (await heavy).Dispose();
        (await late).Dispose();
    }

    [Fact]
    public async Task What_is_heavier_than_the_limit_is_served_alone()
    {
        var limiter = new FairLimiter(10);
        using var all = await limiter.AcquireAsync("a", 5, 50, false, Token);
        var other = limiter.AcquireAsync("b", 5, 1, false, Token).AsTask();

        other.IsCompleted.ShouldBeFalse();
        all.Shrink(9);
        (await other).Dispose();
    }

    [Fact]
    public async Task A_request_that_stops_waiting_makes_room_for_those_behind_it()
    {
        var limiter = new FairLimiter(10);
        using var half = await limiter.AcquireAsync("a", Unlimited, 5, false, Token);
        using var impatient = new CancellationTokenSource();
        var heavy = limiter.AcquireAsync("heavy", Unlimited, 10, false, impatient.Token).AsTask();
        var light = limiter.AcquireAsync("light", Unlimited, 5, false, Token).AsTask();

        await impatient.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(heavy);
        (await light).Dispose();
        limiter.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_lease_grows_only_where_there_is_room_and_none_waits_for_it()
    {
        var limiter = new FairLimiter(10);
        using var lease = await limiter.AcquireAsync("a", 8, 5, false, Token);

        lease.TryGrow(4).ShouldBeFalse();
        lease.TryGrow(3).ShouldBeTrue();
        lease.Grow(10);
        lease.Weight.ShouldBe(18);
        var waits = limiter.AcquireAsync("b", 8, 1, false, Token).AsTask();
        lease.Shrink(1);
        (await waits).Weight.ShouldBe(1);
    }

    [Fact]
    public Task Whatever_is_asked_the_limits_hold_and_all_are_served() => Gen.Select(
        Gen.Int[1, 20],
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 25], Gen.Bool).Array[1, 60]).SampleAsync(async (capacity, requests) =>
        {
            var limiter = new FairLimiter(capacity);
            var held = new List<(int Owner, FairLimiter.Lease Lease)>();
            var waiting = new List<(int Owner, bool Stops, CancellationTokenSource Source, Task<FairLimiter.Lease> Task)>();
            foreach (var (owner, weight, stops) in requests)
            {
                var source = new CancellationTokenSource();
                var lease = limiter.AcquireAsync($"{owner}", MaxOf(owner), weight, isResumed: weight % 3 == 0, source.Token);
                waiting.Add((owner, stops, source, lease.AsTask()));
                Settle();
            }

            foreach (var one in waiting.Where(one => one.Stops).ToList())
                await one.Source.CancelAsync();
            while (held.Count > 0)
            {
                held[0].Lease.Dispose();
                held.RemoveAt(0);
                // Those that were served continue on other threads.
                while (waiting.Count(one => !one.Task.IsCompleted) > limiter.Waiting)
                    await Task.Yield();
                Settle();
            }

            waiting.ShouldBeEmpty();
            limiter.IsIdle.ShouldBeTrue();

            long MaxOf(int owner) => owner == 0 ? Math.Max(1, capacity / 2) : capacity;

            void Settle()
            {
                foreach (var one in waiting.Where(one => one.Task.IsCompleted).ToList())
                {
                    waiting.Remove(one);
                    if (one.Task.IsCompletedSuccessfully)
                        held.Add((one.Owner, one.Task.Result));
                }

                foreach (var some in held.GroupBy(one => one.Owner).Where(some => some.Count() > 1))
                    some.Sum(one => one.Lease.Weight).ShouldBeLessThanOrEqualTo(MaxOf(some.Key));
                if (held.Count > 1)
                    held.Sum(one => one.Lease.Weight).ShouldBeLessThanOrEqualTo(capacity);
            }
        }, iter: 500);
}

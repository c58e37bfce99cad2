using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>How many messages a queue holds at most: exact as long as one process puts.</summary>
public sealed class MaxMessagesTests
{
    private readonly JumpingTime time = new();
    private readonly InterceptedStore store = new(new MemoryTableStore());
    private readonly TestQueue queue;

    public MaxMessagesTests() => queue = new(store, time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_that_expired_leave_their_room_at_once()
    {
        await BoundAsync(10);
        for (var round = 0; round < 5; round++)
        {
            await queue.PutAllAsync(Enumerable.Range(0, 10).Select(i => $"{round}-{i}"), ttl: 1);
            await Should.ThrowAsync<QuotaExceededException>(() => queue.PutAsync("too many"));
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Each_of_them_leaves_room_for_one_also_where_its_own_id_is_put_again()
    {
        await BoundAsync(10);
        await queue.PutAllAsync(Enumerable.Range(0, 10).Select(i => $"{i}"), ttl: 1);
        time.Advance(TimeSpan.FromSeconds(2));

        var puts = Enumerable.Range(0, 10).SelectMany(i => (string[])[$"{i}", $"new{i}"]).Select(async id =>
        {
            try
            {
                await queue.PutAsync(id);
                return true;
            }
            catch (QuotaExceededException)
            {
                return false;
            }
        });

        (await Task.WhenAll(puts)).Count(isStored => isStored).ShouldBe(10);
        (await queue.ListAsync()).Count.ShouldBe(10);
    }

    [Fact]
    public async Task Where_a_queue_seems_full_a_transaction_costs_one_request_more()
    {
        await BoundAsync(300);
        await queue.PutAllAsync(Enumerable.Range(0, 250).Select(i => $"{i}"), ttl: 1);
        await queue.PutAllAsync(Enumerable.Range(0, 50).Select(i => $"alive{i}"));
        time.Advance(TimeSpan.FromSeconds(2));
        queue.Engine.StopWaiting();
        var counter = new RequestCounter(store);

        var calls = await counter.CountAsync(() => queue.PutAsync("a"));

        calls.Where(call => call.Table == "messages").Select(call => call.Kind).ShouldBe([CallKind.Query, CallKind.Submit]);
    }

    [Fact]
    public async Task What_other_processes_put_is_known_also_while_this_one_writes_all_the_time()
    {
        await BoundAsync(10);
        await queue.PutAsync("mine");
        var other = new TestQueue(store, time);
        await other.PutAllAsync(Enumerable.Range(0, 9).Select(i => $"{i}"));
        await other.Engine.WriteCountsAsync(Token);
        store.After = async call =>
        {
            if (call is { Table: "counts", Kind: CallKind.Query })
                await queue.Engine.WriteCountsAsync(Token);
        };

        for (var i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(11));
            await queue.Engine.UsageAsync(queue.Address);
        }

        await Should.ThrowAsync<QuotaExceededException>(() => queue.PutAsync("more"));
    }

    [Fact]
    public async Task What_is_read_while_the_timer_corrects_the_counts_counts_once()
    {
        await BoundAsync(10);
        await queue.PutAsync("a");
        await queue.Engine.WriteCountsAsync(Token);
        await queue.PutAllAsync(Enumerable.Range(0, 5).Select(i => $"{i}"), ttl: 3600, hide: 1);
        time.Advance(TimeSpan.FromSeconds(90));
        var isRead = false;
        store.After = async call =>
        {
            if (call is not { Table: "counts", Kind: CallKind.Submit } || isRead)
                return;
            isRead = true;
            await queue.Engine.UsageAsync(queue.Address);
        };

        await queue.SweepAsync();

        isRead.ShouldBeTrue();
        (await queue.Engine.UsageAsync(queue.Address)).InQueue.ShouldBe(6);
    }

    [Fact]
    public async Task Messages_that_died_keep_their_room_until_they_are_gone()
    {
        await queue.PolicyAsync(new(new("p"), QueuePattern.All) { MaxMessages = 2, MaxDeliveries = 1, DeadTtl = 60 });
        await queue.PutAllAsync(["a", "b"]);
        (await queue.ClaimAsync(2, hide: 5)).Count.ShouldBe(2);
        time.Advance(TimeSpan.FromSeconds(6));

        await Should.ThrowAsync<QuotaExceededException>(() => queue.PutAsync("c"));

        await queue.SweepAsync();
        await Should.ThrowAsync<QuotaExceededException>(() => queue.PutAsync("c"));
        time.Advance(TimeSpan.FromSeconds(60));
        await queue.PutAllAsync(["c", "d"]);
        await Should.ThrowAsync<QuotaExceededException>(() => queue.PutAsync("e"));
    }

    [Fact]
    public async Task What_is_written_while_the_counts_are_read_counts_once()
    {
        await BoundAsync(10);
        await queue.PutAllAsync(Enumerable.Range(0, 10).Select(i => $"{i}"));
        // The next put has the counts read again. Their rows are read before this process adds its own.
        time.Advance(TimeSpan.FromSeconds(11));
        var isRead = false;
        store.After = async call =>
        {
            if (call is { Table: "counts", Kind: CallKind.Query } && !isRead)
            {
                isRead = true;
                await queue.Engine.WriteCountsAsync(Token);
            }
        };

        for (var i = 0; i < 20; i++)
            await Should.ThrowAsync<QuotaExceededException>(() => queue.PutAsync($"more{i}"));

        isRead.ShouldBeTrue();
        (await queue.Engine.UsageAsync(queue.Address)).InQueue.ShouldBe(10);
        (await queue.ListAsync()).Count.ShouldBe(10);
    }

    private Task BoundAsync(long max) => queue.PolicyAsync(new(new("p"), QueuePattern.All) { MaxMessages = max });
}

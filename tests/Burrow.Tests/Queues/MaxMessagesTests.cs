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

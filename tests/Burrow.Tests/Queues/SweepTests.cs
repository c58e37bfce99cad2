using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>What the timer cleans up, and what it must not touch.</summary>
public sealed class SweepTests
{
    private readonly MemoryTableStore store = new();
    private readonly JumpingTime time = new();
    private readonly TestQueue queue;

    public SweepTests() => queue = new(store, time);

    [Fact]
    public async Task After_all_messages_expired_the_timer_leaves_no_row_in_any_table()
    {
        await queue.PutAsync("small", "x", ttl: 30);
        await queue.PutAsync("large", new byte[QueueLimits.BodyBytes], ttl: 30);
        await queue.PutAsync("hidden", "x", ttl: 30, hide: 3600);
        await queue.PutAsync("claimed", "x", ttl: 30);
        await queue.ClaimAsync();

        await SweepEachMinuteAsync(30);

        (await TestQueue.RowsAsync(store, queue.Address)).ShouldBeEmpty();
    }

    [Fact]
    public async Task After_all_messages_were_deleted_the_timer_leaves_no_row_in_any_table()
    {
        await queue.PutAllAsync(["a", "b", "c", "d"]);
        await queue.ClaimAsync(2);
        await queue.DeleteAsync("a");
        await queue.TakeAsync(1);
        await queue.Engine.DeleteQueuesAsync(queue.Address.Account, new(null, null), CancellationToken.None);

        await SweepEachMinuteAsync(30);

        (await TestQueue.RowsAsync(store, queue.Address)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(3500)]
    [InlineData(21_000)]
    public async Task A_queue_that_rests_costs_the_timer_nothing_however_long_it_is(int length)
    {
        await queue.PutAllAsync(Enumerable.Range(0, length).Select(i => $"{i}"));
        await queue.Engine.WriteCountsAsync(CancellationToken.None);

        await SweepEachMinuteAsync(60);

        (await TestQueue.RowsAsync(store)).ShouldNotContain(row => row.StartsWith("due", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Counts_that_became_wrong_right_after_a_count_are_counted_once_more()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 6500).Select(i => $"{i}"));
        await queue.Engine.WriteCountsAsync(CancellationToken.None);
        await SweepEachMinuteAsync(2);
        // A process puts messages and is killed before it writes its counts.
        await new TestQueue(store, time).PutAllAsync(["a", "b"]);

        await SweepEachMinuteAsync(60);

        (await new TestQueue(store, time).Engine.UsageAsync(queue.Address)).InQueue.ShouldBe(6502);
        (await TestQueue.RowsAsync(store)).ShouldNotContain(row => row.StartsWith("due", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reader_that_is_not_used_is_removed_and_keeps_the_head_of_its_queue_until_then()
    {
        await queue.PutAsync("a");
        await queue.Engine.Readers.PutAsync(queue.Address, new("r"), Sequence.None, Precondition.None, CancellationToken.None);
        await queue.DeleteAsync("a");
        await SweepEachMinuteAsync(60);
        (await TestQueue.RowsAsync(store, queue.Address)).Count(row => row.StartsWith("messages", StringComparison.Ordinal)).ShouldBe(3);
        (await queue.Engine.QueuesAsync(queue.Address.Account, new(null, null), CancellationToken.None)).Names.ShouldBeEmpty();

        time.Advance(ReaderLimits.Kept + TimeSpan.FromDays(1));
        await SweepEachMinuteAsync(60);

        (await TestQueue.RowsAsync(store, queue.Address)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_put_that_died_before_its_transaction_leaves_nothing_behind()
    {
        var failing = new InterceptedStore(store)
        {
            Before = call => call is { Kind: CallKind.Submit, Table: "messages" }
                ? throw new TableUnavailableException("dead")
                : Task.CompletedTask,
        };
        await Should.ThrowAsync<UnavailableException>(() => new TestQueue(failing, time).PutAsync("a"));
        (await queue.Engine.AccountsAsync(new(null, null), CancellationToken.None)).Names.ShouldBeEmpty();

        await SweepEachMinuteAsync(30);

        (await TestQueue.RowsAsync(store, queue.Address)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_lives_on_is_left_alone()
    {
        await queue.PutAsync("for ever", "x");
        await queue.PutAsync("longer", "x", ttl: 30);
        await queue.UpdateAsync("longer", ttl: 7200);
        await queue.PutAsync("put again", "x", ttl: 30);
        await queue.PutAsync("put again", "y", ttl: 7200);
        await queue.PutAsync("expired", "x", ttl: 30);
        time.Advance(TimeSpan.FromSeconds(31));
        await queue.PutAsync("expired", "y", ttl: 7200);

        await SweepEachMinuteAsync(30);

        (await queue.IdsAsync()).ShouldBe("for ever longer put again expired");
        (await queue.GetAsync("put again"))!.Body.ShouldBe("y"u8.ToArray());
        (await queue.GetAsync("expired"))!.Body.ShouldBe("y"u8.ToArray());
    }

    [Fact]
    public async Task A_message_given_a_longer_life_while_the_timer_looks_is_left_alone()
    {
        var other = new InterceptedStore(store);
        var sweeper = new TestQueue(other, time);
        await queue.PutAsync("a", "x", ttl: 30);
        time.Advance(TimeSpan.FromSeconds(29));
        await queue.PutAsync("b", "x", ttl: 2);
        var now = time.GetUtcNow();
        other.After = async call =>
        {
            // The clock of the timer is ahead. On the clock of this process the message still has a second left.
            if (call is { Kind: CallKind.Query, Table: "messages" })
            {
                other.After = _ => Task.CompletedTask;
                time.Advance(now.AddSeconds(0.5) - time.GetUtcNow());
                await queue.UpdateAsync("a", ttl: 7200);
            }
        };
        time.Advance(TimeSpan.FromMinutes(1));

        await sweeper.SweepAsync();

        (await queue.GetAsync("a")).ShouldNotBeNull();
    }

    [Fact]
    public async Task Released_messages_are_moved_back_in_line_with_their_receipt_and_keep_their_order()
    {
        await queue.PutAllAsync(["a", "b", "c", "d"]);
        var claimed = await queue.ClaimAsync(3, hide: 30);
        time.Advance(TimeSpan.FromMinutes(1));

        await queue.SweepAsync();

        (await queue.IdsAsync()).ShouldBe("a b c d");
        (await queue.GetAsync("b"))!.Receipt.ShouldBe(claimed[1].Receipt);
        (await store.Open("messages").QueryAsync(
            queue.Address.Partition, new RowQuery("h!", "h!~"), CancellationToken.None)).Rows.ShouldBeEmpty();
        (await queue.DeleteAsync("b", new([claimed[1].Receipt.Value], null))).ShouldNotBeNull();
    }

    [Fact]
    public async Task Two_sweeps_at_once_do_what_one_does()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 500).Select(i => $"x{i}"), ttl: 30);
        await queue.PutAllAsync(Enumerable.Range(0, 500).Select(i => $"h{i}"), hide: 30);
        time.Advance(TimeSpan.FromMinutes(1));

        await Task.WhenAll(queue.SweepAsync(), new TestQueue(store, time).SweepAsync(), queue.SweepAsync());
        await SweepEachMinuteAsync(1);

        (await queue.ListAsync()).Count.ShouldBe(500);
        var rows = await TestQueue.RowsAsync(store, queue.Address);
        rows.ShouldNotContain(row => row.Contains(" x!") || row.Contains(" h!"));
    }

    [Fact]
    public async Task A_queue_that_is_put_to_while_it_is_closed_stays_on_the_directory()
    {
        // The closing sends several requests to storage. Each round makes a put before another one of them.
        for (var at = 0; at < 12; at++)
        {
            var mine = new TestQueue(store, time, "account", $"queue{at}");
            await mine.PutAsync("gone");
            await mine.DeleteAsync("gone");
            time.Advance(TimeSpan.FromMinutes(2));
            var other = new InterceptedStore(store);
            var calls = 0;
            other.Before = async call =>
            {
                if (calls++ == at)
                    await mine.PutAsync("stays");
            };

            await new TestQueue(other, time).SweepAsync();
            if (calls <= at)
                await mine.PutAsync("stays");

            (await mine.Engine.QueuesAsync(
                new("account"), new(null, null), CancellationToken.None)).Names.ShouldContain($"queue{at}", $"put before request {at}");
            (await mine.Engine.AccountsAsync(new(null, null), CancellationToken.None)).Names.ShouldBe(["account"]);
            await mine.DeleteAsync("stays");
        }
    }

    [Fact]
    public async Task A_queue_deleted_and_put_to_again_goes_on_behind_its_old_markers()
    {
        await queue.PutAsync("old");
        var old = (await queue.ListAsync()).ShouldHaveSingleItem();
        await queue.DeleteAsync("old");
        await SweepEachMinuteAsync(20);
        (await TestQueue.RowsAsync(store, queue.Address)).ShouldBeEmpty();

        await queue.PutAsync("new");

        (await queue.IdsAsync(new() { After = old.Sequence })).ShouldBe("new");
    }

    [Fact]
    public async Task A_run_stops_when_its_time_is_up_and_the_next_goes_on()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 1000).Select(i => $"{i}"), ttl: 30);
        time.Advance(TimeSpan.FromMinutes(1));

        await queue.Engine.SweepAsync(TimeSpan.FromTicks(-1), CancellationToken.None);
        (await TestQueue.RowsAsync(store, queue.Address)).ShouldContain(row => row.Contains(" x!"));
        await queue.SweepAsync();

        (await TestQueue.RowsAsync(store, queue.Address)).ShouldNotContain(row => row.Contains(" x!"));
    }

    private async Task SweepEachMinuteAsync(int minutes)
    {
        for (var i = 0; i < minutes; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await queue.SweepAsync();
        }
    }
}

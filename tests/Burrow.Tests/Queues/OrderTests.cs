using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>The order of a queue, and markers in it, with one process and with several.</summary>
public sealed class OrderTests
{
    private readonly MemoryTableStore store = new();
    private readonly JumpingTime time = new();
    private readonly TestQueue queue;

    public OrderTests() => queue = new(store, time);

    [Fact]
    public async Task Messages_stand_in_the_order_in_which_they_were_put_and_a_replace_keeps_its_place()
    {
        await queue.PutAllAsync(["a", "b", "c"]);
        (await queue.PutAsync("b", "new")).Created.ShouldBeFalse();
        await queue.PutAsync("d");

        (await queue.IdsAsync()).ShouldBe("a b c d");
        (await queue.IdsAsync(new() { Marker = new("b") })).ShouldBe("c d");
    }

    [Fact]
    public async Task A_clock_that_goes_back_does_not_change_the_order()
    {
        await queue.PutAsync("a");
        time.Advance(TimeSpan.FromSeconds(-5));
        await queue.PutAsync("b");
        await new TestQueue(store, time).PutAsync("c");

        (await queue.IdsAsync()).ShouldBe("a b c");
    }

    [Fact]
    public async Task Leases_that_ran_out_are_claimed_before_younger_messages_in_their_old_order()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 10).Select(i => $"{i}"));
        // Their hides end in another order than the order of the messages.
        foreach (var (id, hide) in new[] { ("0", 30), ("1", 10), ("2", 20) })
            await queue.UpdateAsync(id, hide: hide);
        time.Advance(TimeSpan.FromSeconds(40));

        TestQueue.Ids(await queue.ClaimAsync(5)).ShouldBe("0 1 2 3 4");
    }

    [Fact]
    public async Task A_list_shows_released_and_visible_messages_in_one_order_each_once_across_pages()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 2500).Select(i => $"{i:d4}"));
        for (var i = 0; i < 2500; i += 7)
            await queue.UpdateAsync($"{i:d4}", hide: 1 + i % 3);
        time.Advance(TimeSpan.FromSeconds(10));

        (await queue.ListAsync()).Select(message => message.Id.Value).ShouldBe(Enumerable.Range(0, 2500).Select(i => $"{i:d4}"));
        (await queue.ListAsync(new() { Marker = new("1234"), Limit = 50 })).Select(message => message.Id.Value)
            .ShouldBe(Enumerable.Range(1235, 50).Select(i => $"{i:d4}"));
    }

    [Fact]
    public async Task A_message_released_while_a_list_is_read_counts_once()
    {
        await queue.PutAllAsync(["a", "b", "c"]);
        await queue.UpdateAsync("b", hide: 10);
        time.Advance(TimeSpan.FromSeconds(30));
        var other = new InterceptedStore(store);
        var reader = new TestQueue(other, time);
        for (var at = 1; at < 6; at++)
        {
            var calls = 0;
            other.After = async _ =>
            {
                if (++calls == at)
                    await queue.UpdateAsync("b", hide: 0);
            };

            (await reader.IdsAsync()).ShouldBe("a b c", $"released after request {at}");

            await queue.UpdateAsync("b", hide: 10);
            time.Advance(TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public async Task Two_engines_put_at_once_and_a_reader_that_follows_its_marker_sees_all_once_in_one_order()
    {
        var other = new TestQueue(store, time);
        var writers = new[] { queue, other, queue, other }.Select((writer, n) => Task.Run(async () =>
        {
            for (var i = 0; i < 250; i++)
                await writer.PutAsync($"{n}-{i}");
        })).ToList();

        var seen = new List<string>();
        while (seen.Count < 1000)
        {
            var list = await queue.ListAsync(new() { Marker = seen.Count == 0 ? null : new(seen[^1]) });
            seen.AddRange(list.Select(message => message.Id.Value));
        }

        await Task.WhenAll(writers);
        seen.ShouldBe((await other.ListAsync()).Select(message => message.Id.Value));
        foreach (var n in Enumerable.Range(0, 4))
            seen.Where(id => id.StartsWith($"{n}-")).ShouldBe(Enumerable.Range(0, 250).Select(i => $"{n}-{i}"));
    }

    [Fact]
    public async Task Engines_that_claim_at_once_share_the_queue_without_overlap()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 600).Select(i => $"{i}"));
        var engines = Enumerable.Range(0, 4).Select(_ => new TestQueue(store, time)).ToList();

        var claimed = await Task.WhenAll(engines.Select(engine => Task.Run(async () =>
        {
            var mine = new List<string>();
            while (await engine.ClaimAsync(3, hide: 100_000) is { Count: > 0 } some)
                mine.AddRange(some.Select(message => message.Id.Value));
            return mine;
        })));

        claimed.SelectMany(ids => ids).Order().ShouldBe(Enumerable.Range(0, 600).Select(i => $"{i}").Order());
        // Each worker got its own messages in order.
        claimed.ShouldAllBe(ids => ids.Select(int.Parse).SequenceEqual(ids.Select(int.Parse).Order()));
    }

    [Fact]
    public async Task A_put_of_an_id_that_is_put_at_the_same_time_replaces_it()
    {
        var puts = Enumerable.Range(0, 20).Select(i => queue.PutAsync("same", $"{i}")).ToList();
        var results = await Task.WhenAll(puts);

        results.Count(result => result.Created).ShouldBe(1);
        var message = (await queue.ListAsync()).ShouldHaveSingleItem();
        message.Body.ShouldBe("19"u8.ToArray());
        message.Receipt.ShouldBe(results[^1].Receipt);
    }

    [Fact]
    public async Task Of_puts_that_demand_to_be_first_one_is()
    {
        var other = new TestQueue(store, time);
        var puts = Enumerable.Range(0, 20)
            .Select(i => (i % 2 == 0 ? queue : other).PutAsync("same", $"{i}", precondition: Precondition.MustNotExist)).ToList();

        await Task.WhenAny(Task.WhenAll(puts));

        puts.Count(put => put.IsCompletedSuccessfully).ShouldBe(1);
        puts.Where(put => !put.IsCompletedSuccessfully).ShouldAllBe(put => put.Exception!.InnerException is PreconditionFailedException);
    }

    [Fact]
    public async Task Puts_with_a_receipt_that_was_used_up_by_one_before_them_fail()
    {
        var first = await queue.PutAsync("same", "0");
        var condition = new Precondition([first.Receipt.Value], null);
        var puts = Enumerable.Range(1, 5).Select(i => queue.PutAsync("same", $"{i}", precondition: condition)).ToList();

        await Task.WhenAny(Task.WhenAll(puts));

        puts.Count(put => put.IsCompletedSuccessfully).ShouldBe(1);
        (await queue.GetAsync("same"))!.Body.ShouldBe("1"u8.ToArray());
    }
}

using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Burrow.Tests.Torture;

namespace Burrow.Tests.Queues;

/// <summary>What operations cost in requests to storage. The operator pays for these requests, and clients wait for them.</summary>
public sealed class CostTests
{
    private readonly JumpingTime time = new();
    private readonly MemoryTableStore memory = new();
    private readonly InterceptedStore store;
    private readonly TestQueue queue;
    private readonly RequestCounter counter;

    public CostTests()
    {
        store = new(memory);
        queue = new(store, time);
        counter = new(store);
    }

    [Fact]
    public async Task A_claim_costs_two_queries_and_one_transaction_however_long_the_queue_and_however_much_is_hidden()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 20_000).Select(i => $"hidden{i}"), hide: 3600);
        var put = 0;
        foreach (var length in (int[])[100, 10_000, 200_000])
        {
            await queue.PutAllAsync(Enumerable.Range(put, length - put).Select(i => $"{i}"));
            put = length;
            // The first claim in a minute writes a row of the timer's table, for all claims that follow.
            await queue.ClaimAsync();

            var calls = await counter.CountAsync(() => queue.ClaimAsync());

            calls.Select(call => call.Kind).ShouldBe([CallKind.Query, CallKind.Query, CallKind.Submit], $"at {length} messages");
            calls[2].Operations.Count.ShouldBe(3);
        }
    }

    [Fact]
    public async Task A_claim_costs_the_same_with_ten_priorities_in_use_and_a_list_one_query_for_each()
    {
        for (var i = 0; i < 2000; i++)
            await queue.PutWithPriorityAsync($"{i}", i % 10);
        await queue.ClaimAsync();
        IReadOnlyList<Message> claimed = [];

        var calls = await counter.CountAsync(async () => claimed = await queue.ClaimAsync());

        calls.Select(call => call.Kind).ShouldBe([CallKind.Query, CallKind.Query, CallKind.Submit]);
        calls[2].Operations.Count.ShouldBe(3);
        claimed[0].Priority.ShouldBe(9);
        (await counter.CountAsync(() => queue.ListAsync(new() { Limit = 10 }))).Count.ShouldBe(1 + 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_claim_costs_the_same_with_one_group_and_with_very_many_that_wait(bool many)
    {
        queue.Engine.StopWaiting();
        foreach (var some in Enumerable.Range(0, many ? TortureSize.WaitingGroups : 1).Chunk(1000))
            await Task.WhenAll(some.SelectMany(i => new[] { $"{i}a", $"{i}b" }.Select(id => queue.PutInGroupAsync(id, $"{i}"))));
        await queue.PutAsync("z");
        await queue.ClaimAsync();
        IReadOnlyList<Message> claimed = [];

        var calls = await counter.CountAsync(async () => claimed = await queue.ClaimAsync());

        calls.Select(call => call.Kind).ShouldBe([CallKind.Query, CallKind.Query, CallKind.Submit]);
        calls[2].Operations.Count.ShouldBe(3);
        TestQueue.Ids(claimed).ShouldBe(many ? "1a" : "z");
    }

    [Fact]
    public async Task A_message_of_a_group_costs_a_query_more_to_put_and_its_removal_makes_the_next_one_ready_in_its_transaction()
    {
        queue.Engine.StopWaiting();
        await queue.PutInGroupAsync("warm", "other");
        await queue.ClaimAsync(10);
        await queue.DeleteAsync("warm");

        // A new group: its row is read, and written with the message.
        (await CountAsync(() => queue.PutInGroupAsync("1", "g", ttl: 60))).ShouldBe((1, 1, 5));
        // It is remembered. A message that waits has a row in its group.
        (await CountAsync(() => queue.PutInGroupAsync("2", "g", ttl: 60))).ShouldBe((0, 1, 6));
        (await CountAsync(() => queue.ClaimAsync(10))).ShouldBe((2, 1, 3));
        // Besides the read that every deletion costs: the group with what waits, and the row of the next.
        (await CountAsync(() => queue.DeleteAsync("1"))).ShouldBe((3, 1, 7));
        // Nothing waits: the row of the group is removed with the message.
        (await CountAsync(() => queue.DeleteAsync("2"))).ShouldBe((2, 1, 4));
    }

    [Fact]
    public async Task A_numbered_put_costs_a_read_of_its_producer_once_and_a_row_more_each_time()
    {
        await queue.PutAsync("warm", ttl: 60);

        // Its row and the row that says when it is forgotten.
        (await CountAsync(() => PutNumberedAsync(1))).ShouldBe((1, 1, 6));
        (await CountAsync(() => PutNumberedAsync(2))).ShouldBe((0, 1, 5));
        // A duplicate is told by a row read since it came.
        (await CountAsync(() => PutNumberedAsync(2))).ShouldBe((1, 0, 0));

        Task PutNumberedAsync(long number) => queue.Engine.PutAsync(
            queue.Address,
            new(new($"{number}"), [], null, new(60, 0), Precondition.None) { Number = new(new("p"), number, 0, null) },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_relay_costs_a_row_of_the_put_and_no_request_and_accounts_without_one_cost_what_they_did()
    {
        var token = TestContext.Current.CancellationToken;
        await queue.PutAsync("first", ttl: 60);
        (await CountAsync(() => queue.PutAsync("before", ttl: 60))).ShouldBe((0, 1, 4));
        // Nothing is done in the background, which would be counted, too.
        queue.Engine.StopWaiting();
        var relay = new Relay(new("r"), QueuePattern.Parse("relayed"), new("https://b.example.org"), queue.Address.Account);
        await queue.Engine.Relays.PutAsync(queue.Address.Account, relay, QueuePattern.All, token);
        var relayed = new QueueAddress(queue.Address.Account, new("relayed"));
        await queue.Engine.PutAsync(relayed, new(new("1"), [1], null, new(60, 0), Precondition.None), token);
        await queue.PutAsync("warm", ttl: 60);

        (await CountAsync(() => queue.PutAsync("after", ttl: 60))).ShouldBe((0, 1, 4));
        (await CountAsync(() => queue.Engine.PutAsync(relayed, new(new("2"), [1], null, new(60, 0), Precondition.None), token)))
            .ShouldBe((0, 1, 5));
    }

    [Fact]
    public async Task A_result_costs_a_row_of_the_put_and_two_of_the_end_and_progress_two_reads_and_a_transaction()
    {
        await queue.PutAsync("warm", ttl: 60);
        var (token, id) = (TestContext.Current.CancellationToken, new MessageId("job"));
        var put = new PutRequest(id, [], null, new(60, 0), Precondition.None) { Result = 60 };

        (await CountAsync(() => queue.Engine.PutAsync(queue.Address, put, token))).ShouldBe((0, 1, 5));
        var claimed = (await queue.ClaimAsync(2)).Single(message => message.Id == id);
        var mine = new Precondition([claimed.Receipt.Value], null);
        (await CountAsync(() => queue.Engine.PutProgressAsync(queue.Address, id, ResultBody.Empty, mine, token))).ShouldBe((2, 1, 1));
        (await CountAsync(() => queue.Engine.ResultAsync(queue.Address, id, Precondition.None, TimeSpan.Zero, token))).ShouldBe((2, 0, 0));
        (await CountAsync(() => queue.DeleteAsync("job", mine))).ShouldBe((1, 1, 5));
        (await CountAsync(() => queue.Engine.ResultAsync(queue.Address, id, Precondition.None, TimeSpan.Zero, token))).ShouldBe((1, 0, 0));
    }

    [Fact]
    public async Task A_reader_costs_one_read_for_each_list_that_goes_by_it()
    {
        await queue.PutAsync("a");
        var (token, name) = (TestContext.Current.CancellationToken, new ReaderName("r"));
        var after = (await queue.ListAsync()).ShouldHaveSingleItem().Sequence;

        (await CountAsync(() => queue.Engine.Readers.PutAsync(queue.Address, name, after, Precondition.None, token))).ShouldBe((2, 1, 2));
        (await CountAsync(() => queue.Engine.Readers.PutAsync(queue.Address, name, after, Precondition.None, token))).ShouldBe((1, 1, 1));
        (await CountAsync(() => queue.Engine.Readers.GetAsync(queue.Address, name, token))).ShouldBe((1, 0, 0));
    }

    /// <summary>Reads and queries, transactions, and rows written, of the table of messages.</summary>
    private async Task<(int Reads, int Transactions, int Rows)> CountAsync(Func<Task> act)
    {
        var calls = (await counter.CountAsync(act)).Where(call => call.Table == "messages").ToList();
        var submits = calls.Where(call => call.Kind == CallKind.Submit).ToList();
        return (calls.Count - submits.Count, submits.Count, submits.Sum(call => call.Operations.Count));
    }

    [Fact]
    public async Task A_claim_costs_the_same_with_20_000_dead_and_20_000_dying_messages_around()
    {
        // Of an engine that is about to stop, no claim begins work in the background, which the test must not count.
        queue.Engine.StopWaiting();
        await queue.PolicyAsync(new(new("policy"), QueuePattern.All) { MaxDeliveries = 1 });
        await queue.PutAllAsync(Enumerable.Range(0, 20_000).Select(i => $"dead{i}"));
        await ClaimAllAsync(TimeSpan.FromSeconds(60));
        await queue.SweepAsync();
        await queue.PutAllAsync(Enumerable.Range(0, 20_000).Select(i => $"dying{i}"));
        // These died just now, and no process has buried them yet.
        await ClaimAllAsync(TimeSpan.FromSeconds(60 - QueueLimits.ClockSkew.TotalSeconds));
        await queue.PutAllAsync(["a", "b"]);
        (await queue.ListDeadAsync(new() { Limit = 10_000, Detail = Detail.Id })).Count.ShouldBe(10_000);
        await queue.ClaimAsync();
        IReadOnlyList<Message> claimed = [];

        var calls = await counter.CountAsync(async () => claimed = await queue.ClaimAsync());

        calls.Select(call => call.Kind).ShouldBe([CallKind.Query, CallKind.Query, CallKind.Submit]);
        TestQueue.Ids(claimed).ShouldBe("b");

        async Task ClaimAllAsync(TimeSpan after)
        {
            for (var i = 0; i < 20; i++)
                (await queue.ClaimAsync(1000)).Count.ShouldBe(1000);
            time.Advance(after + QueueLimits.ClockSkew);
        }
    }

    [Fact]
    public async Task Without_policies_a_process_reads_one_row_in_some_seconds_for_all_queues()
    {
        await queue.PutAsync("warm");
        var other = new TestQueue(store, time, "other");
        await other.PutAsync("warm");
        time.Advance(TimeSpan.FromSeconds(4));

        var calls = await counter.CountAsync(async () =>
        {
            await queue.PutAsync("m");
            await queue.ClaimAsync();
            await queue.PutAsync("n");
        });

        calls.Count(call => call.Table == "policies").ShouldBe(1);
    }

    [Fact]
    public async Task What_is_due_and_expired_in_front_costs_a_bounded_number_of_requests_and_none_after_the_timer()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 20_000).Select(i => $"expired{i}"), ttl: 60);
        await queue.PutAllAsync(Enumerable.Range(0, 20_000).Select(i => $"due{i}"), hide: 60);
        await queue.PutAllAsync(Enumerable.Range(0, 1000).Select(i => $"{i}"));
        time.Advance(TimeSpan.FromMinutes(2));

        // The claim is in another process. A process that sees so many due messages moves them in the background, which the test must
        // not count.
        var other = new InterceptedStore(memory);
        var background = new TaskCompletionSource();
        var claim = 0;
        other.Before = call =>
        {
            if (call.Operations.Count > 3)
                return background.Task;
            claim++;
            return Task.CompletedTask;
        };
        (await new TestQueue(other, time).ClaimAsync()).ShouldHaveSingleItem();
        claim.ShouldBeLessThanOrEqualTo(8);

        await queue.SweepAsync();
        await queue.ClaimAsync();
        IReadOnlyList<Message> claimed = [];
        var calls = await counter.CountAsync(async () => claimed = await queue.ClaimAsync());
        background.SetResult();
        calls.Select(call => call.Kind).ShouldBe([CallKind.Query, CallKind.Query, CallKind.Submit]);
        claimed[0].Id.Value.ShouldStartWith("due");
        (await queue.ListAsync(new() { Limit = 10_000, MatchHidden = true })).Count(
            message => message.Id.Value.StartsWith("expired")).ShouldBe(0);
    }

    [Fact]
    public async Task A_message_put_claimed_and_deleted_costs_three_transactions_and_three_reads_when_all_is_warm()
    {
        await queue.PutAsync("warm", ttl: 60);
        await queue.ClaimAsync();
        await queue.DeleteAsync("warm");

        var calls = await counter.CountAsync(async () =>
        {
            await queue.PutAsync("message", "small", ttl: 60);
            (await queue.ClaimAsync()).ShouldHaveSingleItem();
            await queue.DeleteAsync("message");
        });

        calls.Count(call => call.Kind == CallKind.Submit).ShouldBe(3);
        calls.Count(call => call.Kind != CallKind.Submit).ShouldBe(3);
        calls.Sum(call => call.Operations.Count).ShouldBe(10);
    }

    [Fact]
    public async Task Puts_that_come_while_one_is_under_way_are_committed_together()
    {
        await queue.PutAsync("first");
        var gate = new TaskCompletionSource();
        var transactions = 0;
        store.Before = async call =>
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" })
            {
                transactions++;
                await gate.Task;
            }
        };

        var puts = Enumerable.Range(0, 100).Select(i => queue.PutAsync($"{i}", "body", ttl: 60)).ToList();
        gate.SetResult();
        await Task.WhenAll(puts);

        // One transaction for the first put, which is alone. Each other transaction has 33 messages of 3 rows, and the head.
        transactions.ShouldBe(1 + 3);
        (await queue.IdsAsync()).ShouldBe("first " + string.Join(' ', Enumerable.Range(0, 100)));
    }

    [Fact]
    public async Task Claims_that_come_while_one_is_under_way_are_served_by_one_look_and_get_a_message_each_in_order()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 200).Select(i => $"{i}"));
        var gate = new TaskCompletionSource();
        var calls = 0;
        store.Before = async call =>
        {
            Interlocked.Increment(ref calls);
            if (call is { Kind: CallKind.Submit, Table: "messages" })
                await gate.Task;
        };

        var claims = Enumerable.Range(0, 31).Select(_ => queue.ClaimAsync()).ToList();
        gate.SetResult();
        var claimed = await Task.WhenAll(claims);

        // Two looks of two queries, and two transactions.
        calls.ShouldBe(6);
        claimed.Select(TestQueue.Ids).ShouldBe(Enumerable.Range(0, 31).Select(i => $"{i}"));
    }
}

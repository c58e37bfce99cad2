using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>Interleavings of two processes, and failures in the middle of a request. Each of them once went wrong.</summary>
public sealed class RaceTests
{
    private static readonly byte[] Widest = Enumerable.Repeat((byte)1, QueueLimits.BodyBytes).ToArray();

    private readonly JumpingTime time = new();
    private readonly InterceptedStore store;
    private readonly TestQueue queue;
    private readonly TestQueue other;

    public RaceTests()
    {
        var memory = new MemoryTableStore();
        store = new(memory);
        queue = new(store, time);
        other = new(memory, time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_take_got_is_answered_though_storage_fails_before_it_is_full()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 35).Select(i => $"{i:d2}"));
        var submitted = 0;
        store.Before = async call =>
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" } && submitted++ == 0)
                await other.DeleteAsync("07");
            if (call.Kind == CallKind.Query && submitted > 0)
                throw new TableUnavailableException("gone");
        };

        var taken = await queue.TakeAsync(40);

        taken.Count.ShouldBe(34);
    }

    [Theory]
    [InlineData(Detail.All, 1000)]
    [InlineData(Detail.None, 0)]
    public async Task What_a_pass_deleted_is_answered_though_storage_fails_in_the_middle_of_it(Detail detail, int shown)
    {
        await queue.PutAllAsync(Enumerable.Range(0, 1500).Select(i => $"{i:d4}"));
        var queries = 0;
        store.Before = call =>
            call.Kind == CallKind.Query && ++queries > 2 ? throw new TableUnavailableException("gone") : Task.CompletedTask;

        var list = await queue.Engine.TakeAsync(queue.Address, new() { Detail = detail }, TimeSpan.Zero, Token);

        (list.Messages.Count, list.Count, list.More).ShouldBe((shown, 1000, true));
        (await other.ListAsync()).Count.ShouldBe(500);
    }

    [Fact]
    public async Task A_claim_of_large_messages_that_loses_race_after_race_still_gets_one()
    {
        for (var i = 0; i < 6; i++)
            await queue.PutAsync($"{i}", Widest);
        var lost = 0;
        store.Before = async call =>
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" } && lost < 4)
                (await other.ClaimAsync()).ShouldHaveSingleItem().Id.Value.ShouldBe($"{lost++}");
        };

        TestQueue.Ids(await queue.ClaimAsync()).ShouldBe("4");
    }

    [Fact]
    public async Task An_answer_that_is_cut_leaves_nothing_behind_its_cursor_that_another_request_was_ahead_of()
    {
        for (var i = 0; i < 4; i++)
            await queue.PutAsync($"{i}", Widest);
        var submitted = 0;
        store.Before = async call =>
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" } && submitted++ == 0)
                await other.UpdateAsync("0", ttl: 1000);
        };

        var list = await queue.Engine.TakeAsync(queue.Address, new(), TimeSpan.Zero, Token);

        list.More.ShouldBeTrue();
        var rest = await queue.Engine.TakeAsync(queue.Address, new() { After = list.Last }, TimeSpan.Zero, Token);
        TestQueue.Ids(list.Messages.Concat(rest.Messages)).ShouldBe("0 1 2 3");
    }

    [Fact]
    public async Task An_answer_whose_messages_another_request_took_goes_on_with_those_it_had_no_room_for()
    {
        for (var i = 0; i < 5; i++)
            await queue.PutAsync($"{i}", Widest);
        var submitted = 0;
        store.Before = async call =>
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" } && submitted++ == 0)
                TestQueue.Ids(await other.TakeAsync(2)).ShouldBe("0 1");
        };

        var list = await queue.Engine.TakeAsync(queue.Address, new(), TimeSpan.Zero, Token);

        (TestQueue.Ids(list.Messages), list.More).ShouldBe(("2 3", true));
    }

    [Fact]
    public async Task A_change_that_has_what_was_asked_for_reads_no_further()
    {
        await queue.PutAllAsync(["a", "b", "c", "d"]);
        var calls = await new RequestCounter(store).CountAsync(() => queue.Engine.UpdateAsync(
            queue.Address, new() { Marker = new("a"), Limit = 2 }, new(null, 60), TimeSpan.Zero, Token));

        calls.SkipWhile(call => call is not { Kind: CallKind.Submit, Table: "messages" }).Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_claim_does_not_pass_over_visible_messages_behind_its_page_for_released_ones()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 60).Select(i => $"visible{i:d2}"));
        await queue.PutAllAsync(Enumerable.Range(0, 30).Select(i => $"released{i:d2}"), hide: 10);
        time.Advance(TimeSpan.FromSeconds(20));
        var submitted = 0;
        store.Before = async call =>
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" } && submitted++ == 0)
                await other.ClaimAsync(20);
        };

        var claimed = await queue.ClaimAsync(20);

        TestQueue.Ids(claimed).ShouldBe(string.Join(' ', Enumerable.Range(20, 20).Select(i => $"visible{i:d2}")));
    }

    [Fact]
    public async Task A_message_claimed_while_a_list_of_all_is_read_is_in_it()
    {
        for (var at = 1; at < 5; at++)
        {
            await queue.PutAllAsync(["a", "b", "c"]);
            var calls = 0;
            store.After = async _ =>
            {
                if (++calls == at)
                    TestQueue.Ids(await other.ClaimAsync()).ShouldBe("a");
            };

            (await queue.IdsAsync(new() { MatchHidden = true, Detail = Detail.Id })).ShouldBe("a b c", $"claimed after request {at}");

            store.After = _ => Task.CompletedTask;
            await queue.Engine.DeleteQueuesAsync(queue.Address.Account, new(null, null), Token);
        }
    }

    [Fact]
    public async Task A_reader_does_not_pass_a_message_whose_hide_ends_while_it_reads()
    {
        await queue.PutAsync("old", hide: 10);
        await queue.PutAsync("new");
        time.Advance(TimeSpan.FromSeconds(9.5));
        var queries = 0;
        store.After = async call =>
        {
            if (call.Kind != CallKind.Query || queries++ > 0)
                return;
            time.Advance(TimeSpan.FromSeconds(1));
            (await other.IdsAsync()).ShouldBe("old new");
        };

        (await queue.IdsAsync()).ShouldBe("old new");
    }

    [Fact]
    public async Task A_reader_that_is_slow_looks_again_for_what_became_visible()
    {
        await queue.PutAsync("first");
        await queue.PutAsync("old", hide: 100);
        await queue.PutAsync("new");
        var queries = 0;
        store.After = call =>
        {
            if (call.Kind == CallKind.Query && queries++ == 0)
                time.Advance(TimeSpan.FromSeconds(101));
            return Task.CompletedTask;
        };

        (await queue.IdsAsync()).ShouldBe("first old new");
    }

    [Fact]
    public async Task A_message_that_became_visible_and_moved_while_a_slow_reader_looked_is_not_passed()
    {
        await queue.PutAllAsync(["first", "old"]);
        await queue.UpdateAsync("old", hide: 2);
        await queue.PutAsync("new");
        var queries = 0;
        store.After = async call =>
        {
            if (call.Kind != CallKind.Query)
                return;
            queries++;
            if (queries == 1)
                time.Advance(TimeSpan.FromSeconds(2.5));
            if (queries == 2)
                await other.UpdateAsync("old", hide: 0);
        };

        (await queue.IdsAsync()).ShouldBe("first old new");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Released_messages_that_move_while_those_before_them_go_are_not_passed(bool matchHidden)
    {
        await queue.PutAllAsync(["a", "b", "c", "d"]);
        foreach (var id in (string[])["a", "b", "c"])
            await queue.UpdateAsync(id, hide: 10);
        time.Advance(TimeSpan.FromSeconds(20));
        var queries = 0;
        store.After = async call =>
        {
            if (call.Kind != CallKind.Query || ++queries != 2)
                return;
            time.Advance(TimeSpan.FromSeconds(2));
            await other.UpdateAsync("c", hide: 0);
            await other.DeleteAsync("a");
            await other.DeleteAsync("b");
        };

        (await queue.IdsAsync(new() { Limit = 1, MatchHidden = matchHidden })).ShouldBe("c");
    }

    [Fact]
    public async Task An_account_whose_closing_was_cut_short_is_taken_off_by_the_next_run()
    {
        for (var at = 0; at < 8; at++)
        {
            await queue.PutAsync("a");
            await queue.DeleteAsync("a");
            time.Advance(TimeSpan.FromMinutes(2));
            var writes = 0;
            store.Before = call => call.Kind == CallKind.Submit && writes++ >= at
                ? throw new TableUnavailableException("dead")
                : Task.CompletedTask;
            await queue.SweepAsync();
            store.Before = _ => Task.CompletedTask;

            for (var i = 0; i < 25; i++)
            {
                time.Advance(TimeSpan.FromMinutes(1));
                await queue.SweepAsync();
            }

            (await TestQueue.RowsAsync(store, queue.Address)).ShouldBeEmpty($"dead before write {at}");
        }
    }

    [Fact]
    public async Task A_promotion_whose_answer_is_lost_is_not_the_last_visit()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 20).Select(i => $"{i:d2}"), hide: 30);
        time.Advance(TimeSpan.FromMinutes(6));
        var submitted = 0;
        store.Before = async call =>
        {
            if (call is not { Kind: CallKind.Submit, Table: "messages" } || submitted++ > 0)
                return;
            await other.UpdateAsync("07", ttl: 9000);
            throw new TableUnavailableException("lost");
        };

        await queue.SweepAsync();
        await queue.SweepAsync();

        (await TestQueue.RowsAsync(store, queue.Address)).ShouldNotContain(row => row.Contains(" h!"));
    }

    [Fact]
    public async Task Empty_pages_with_a_continuation_are_followed_everywhere()
    {
        var sparse = new TestQueue(new SparseStore(store), time);
        await sparse.PutAllAsync(["a", "b", "c"], ttl: 3600);
        await sparse.UpdateAsync("b", hide: 30);

        (await sparse.IdsAsync()).ShouldBe("a c");
        (await sparse.IdsAsync(new() { MatchHidden = true })).ShouldBe("a b c");
        (await sparse.Engine.AccountsAsync(new(null, null), Token)).Names.ShouldBe(["account"]);
        (await sparse.Engine.QueuesAsync(new("account"), new(null, null), Token)).Names.ShouldBe(["queue"]);
        TestQueue.Ids(await sparse.ClaimAsync(5)).ShouldBe("a c");
        time.Advance(TimeSpan.FromMinutes(59));
        TestQueue.Ids(await sparse.ClaimAsync(5, hide: 1)).ShouldBe("a b c");
        for (var i = 0; i < 30; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await sparse.SweepAsync();
        }

        (await TestQueue.RowsAsync(store, sparse.Address)).ShouldBeEmpty();
    }

    /// <summary>Answers every query with an empty page first, and then with pages of one row.</summary>
    private sealed class SparseStore(ITableStore inner) : ITableStore
    {
        public ITable Open(string name) => new SparseTable(inner.Open(name));

        public Task CreateAsync(
            IEnumerable<string> names, CancellationToken cancellationToken) => inner.CreateAsync(names, cancellationToken);

        private sealed class SparseTable(ITable table) : ITable
        {
            private const string First = "\u0001";

            public Task<Row?> GetAsync(string partition, string key, CancellationToken cancellationToken) =>
                table.GetAsync(partition, key, cancellationToken);

            public Task<RowPage> QueryAsync(
                string partition, RowQuery query, CancellationToken cancellationToken) => query.Continuation is null
                ? Task.FromResult(new RowPage([], First))
                : table.QueryAsync(
                    partition,
                    query with { Top = 1, Continuation = query.Continuation == First ? null : query.Continuation },
                    cancellationToken);

            public Task<SubmitResult> SubmitAsync(
                string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
                table.SubmitAsync(partition, operations, cancellationToken);
        }
    }
}

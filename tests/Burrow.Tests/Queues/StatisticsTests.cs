using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>The statistics of queues and accounts, and how exact they are.</summary>
public sealed class StatisticsTests
{
    private readonly JumpingTime time = new();
    private readonly MemoryTableStore memory = new();
    private readonly InterceptedStore store;
    private readonly TestQueue queue;

    public StatisticsTests()
    {
        store = new(memory);
        queue = new(store, time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_visible_hidden_due_and_expired_is_told_apart()
    {
        await queue.PutAsync("first", "12345");
        time.Advance(TimeSpan.FromSeconds(90));
        await queue.PutAllAsync(["1", "2", "3"]);
        await queue.PutAllAsync(["soon", "soon too"], hide: 5);
        await queue.PutAllAsync(["late"], hide: 3600);
        await queue.PutAsync("gone", ttl: 1);
        await queue.ClaimAsync(hide: 600);
        time.Advance(TimeSpan.FromSeconds(10));

        var now = await StandsAsync();

        // Claimed messages and those that come later are hidden. Expired messages are counted until the timer removes them.
        now.Counts.ShouldBe(new QueueCounts(8, 5, 8, 1, 0, 0));
        (now.Visible, now.Hidden, now.HiddenIsExact).ShouldBe((6, 2, true));
        (now.OldestVisibleAge, now.OldestIsExact).ShouldBe((TimeSpan.FromSeconds(10), true));

        time.Advance(TimeSpan.FromMinutes(2));
        await queue.SweepAsync();
        now = await StandsAsync();
        (now.Counts.Messages, now.Visible, now.Hidden, now.Counts.Expired).ShouldBe((7, 5, 2, 1));
        await queue.DeleteAsync("first");
        (await StandsAsync()).Counts.ShouldBe(new QueueCounts(6, 0, 8, 1, 1, 1));
    }

    [Fact]
    public async Task Where_all_is_hidden_nothing_is_visible_and_nothing_old()
    {
        await queue.PutAllAsync(["1", "2"], hide: 60);
        var now = await StandsAsync();
        (now.Visible, now.Hidden, now.OldestVisibleAge).ShouldBe((0, 2, null));
    }

    [Fact]
    public async Task The_oldest_may_be_one_whose_hide_ran_out()
    {
        await queue.PutAsync("old", hide: 1);
        time.Advance(TimeSpan.FromSeconds(30));
        await queue.PutAsync("new");
        (await StandsAsync()).OldestVisibleAge.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Of_more_hidden_ones_than_a_page_it_is_said_that_there_are_more()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 1500).Select(i => $"{i}"), hide: 3600);
        await queue.PutAllAsync(["1500", "1501"]);
        var now = await StandsAsync();
        (now.Hidden, now.HiddenIsExact, now.Visible, now.OldestIsExact).ShouldBe((1000, false, 502, true));
    }

    [Fact]
    public async Task Of_many_that_are_due_the_oldest_of_a_hundred_is_named()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 150).Select(i => $"{i}"), hide: 1);
        time.Advance(TimeSpan.FromSeconds(2));
        var now = await StandsAsync();
        (now.Visible, now.Hidden, now.OldestIsExact, now.OldestVisibleAge).ShouldBe((150, 0, false, TimeSpan.FromSeconds(2)));
    }

    [Fact]
    public async Task It_costs_the_same_however_long_the_queue_is()
    {
        var counter = new RequestCounter(store);
        await queue.PutAllAsync(Enumerable.Range(0, 20_000).Select(i => $"{i}"));
        await queue.Engine.WriteCountsAsync(Token);
        var calls = await counter.CountAsync(StandsAsync);
        calls.Select(call => (call.Table, call.Kind)).ShouldBe(
            [("counts", CallKind.Get), ("messages", CallKind.Query), ("messages", CallKind.Query), ("messages", CallKind.Query)]);
    }

    [Fact]
    public async Task What_another_process_has_not_written_down_is_seen_by_looking()
    {
        await queue.PutAllAsync(["1", "2"], hide: 60);
        await queue.PutAsync("3");
        var now = (await new TestQueue(memory, time).Engine.StatisticsAsync(queue.Address, Token))!;
        (now.Counts.Messages, now.Visible, now.Hidden).ShouldBe((3, 1, 2));
    }

    [Fact]
    public async Task A_queue_that_never_was_has_none_and_one_that_was_emptied_its_totals_for_a_while()
    {
        (await queue.Engine.StatisticsAsync(queue.Address, Token)).ShouldBeNull();
        (await queue.Engine.StatisticsAsync(queue.Address.Account, new(null, null), Token)).ShouldBeNull();
        await queue.PutAsync("1");
        await queue.TakeAsync();
        await queue.Engine.WriteCountsAsync(Token);
        (await StandsAsync()).Counts.ShouldBe(new QueueCounts(0, 0, 1, 0, 1, 0));
        var account = (await queue.Engine.StatisticsAsync(queue.Address.Account, new(null, null), Token))!;
        (account.Queues, account.Shown.Count).ShouldBe((0, 1));

        for (var minutes = 0; minutes < 20; minutes++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await queue.SweepAsync();
        }

        (await queue.Engine.StatisticsAsync(queue.Address, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task An_account_is_the_sum_of_its_queues_of_which_some_are_shown()
    {
        string[] names = ["z", "a", "é", "B", "\ud800\udc00", "\uffee"];
        foreach (var name in names)
        {
            var other = new QueueAddress(queue.Address.Account, new(name));
            await queue.Engine.PutAsync(other, new(new("1"), [1, 2], null, new(0, 0), Precondition.None), Token);
            await queue.Engine.PutAsync(other, new(new("2"), [1, 2], null, new(0, 60), Precondition.None), Token);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        var all = (await AccountAsync(new(null, null)))!;
        all.Shown.Select(one => one.Queue.Value).ShouldBe(["B", "a", "z", "é", "\uffee", "\ud800\udc00"]);
        (all.Queues, all.More, all.Statistics).ShouldBe((6, false, new MessageStatistics
        {
            Counts = new(12, 24, 12, 0, 0, 0),
            Visible = 6,
            Hidden = 6,
            HiddenIsExact = true,
            OldestVisibleAge = TimeSpan.FromSeconds(6),
            OldestIsExact = true,
        }));

        var some = (await AccountAsync(new("B", 2)))!;
        some.Shown.Select(one => one.Queue.Value).ShouldBe(["a", "z"]);
        (
            some.More,
            some.Statistics.Counts.Messages,
            some.Statistics.Hidden,
            some.Statistics.HiddenIsExact,
            some.Statistics.Visible,
            some.Statistics.OldestIsExact)
            .ShouldBe((true, 12, 2, false, 10, false));
        (await AccountAsync(new("z", 3)))!.More.ShouldBeFalse();
        // After a marker that is no queue comes the next queue. A key sees the statistics of its own queues.
        (await AccountAsync(new("aa", 1)))!.Shown.Single().Queue.Value.ShouldBe("z");
        var own = (await AccountAsync(new(null, null) { Only = new("z", false) }))!;
        (own.Queues, own.Statistics.Counts.Messages, own.Statistics.HiddenIsExact).ShouldBe((1, 2, true));

        Task<AccountStatistics?> AccountAsync(NameSelection selection) =>
            queue.Engine.StatisticsAsync(queue.Address.Account, selection, Token);
    }

    [Fact]
    public async Task An_account_is_what_its_queues_are_whatever_is_written_down()
    {
        // One process puts messages and is killed before it writes its counts. Another process takes messages and writes its counts.
        await queue.PutAllAsync(["1", "2", "3", "4", "5"]);
        var other = new TestQueue(memory, time);
        await other.TakeAsync(limit: 4);
        await other.Engine.WriteCountsAsync(Token);
        await new TestQueue(memory, time, queue: "more").PutAllAsync(["1", "2"], hide: 60);

        var third = new TestQueue(memory, time);
        var all = (await third.Engine.StatisticsAsync(queue.Address.Account, new(null, null), Token))!;
        (all.Queues, all.Statistics.Counts.Messages, all.Statistics.Visible, all.Statistics.Hidden, all.Statistics.Counts.Bytes)
            .ShouldBe((1, 1, 1, 0, 0));
        all.Shown.Sum(one => one.Statistics.Counts.Messages).ShouldBe(1);
        // A queue that is not shown is not looked at, and its counts are not below zero.
        var none = (await third.Engine.StatisticsAsync(queue.Address.Account, new("z", null), Token))!;
        (none.Shown.Count, none.Queues, none.Statistics.Counts.Messages).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task An_account_that_another_process_began_just_now_is_there()
    {
        await queue.PutAllAsync(["1", "2"]);
        var all = (await new TestQueue(memory, time).Engine.StatisticsAsync(queue.Address.Account, new(null, null), Token))!;
        // The account counts as many messages as a look finds.
        (all.Queues, all.Shown.Single().Statistics.Visible).ShouldBe((1, 1));
    }

    [Fact]
    public async Task A_marker_whose_queue_has_gone_stands_where_it_stood()
    {
        foreach (var name in (string[])["a", "c", "d"])
            await new TestQueue(memory, time, queue: name).PutAsync("1");
        var all = await queue.Engine.StatisticsAsync(queue.Address.Account, new("b", null), Token);
        // No counts of these queues are written down, so the names are from the directory.
        all!.Shown.Select(one => one.Queue.Value).ShouldBe(["c", "d"]);
    }

    [Fact]
    public async Task Where_much_has_expired_it_looks_no_further_and_says_so()
    {
        await queue.PutAllAsync(["1", "2"]);
        await queue.PutAllAsync(["3"], hide: 60);
        // Like Table storage, it returns pages that hold nothing, because all rows on them have expired.
        var empty = new EmptyPages(memory);
        var now = (await new TestQueue(empty, time).Engine.StatisticsAsync(queue.Address, Token));
        now.ShouldBeNull();
        empty.Queries.ShouldBe(6);

        await queue.Engine.WriteCountsAsync(Token);
        now = (await new TestQueue(empty, time).Engine.StatisticsAsync(queue.Address, Token)).ShouldNotBeNull();
        (now.Visible, now.Hidden, now.HiddenIsExact, now.OldestVisibleAge, now.OldestIsExact).ShouldBe((3, 0, false, null, false));
    }

    private async Task<MessageStatistics> StandsAsync() => (await queue.Engine.StatisticsAsync(queue.Address, Token)).ShouldNotBeNull();

    /// <summary>A store in which a query for messages never gets to the end of the expired rows.</summary>
    private sealed class EmptyPages(ITableStore inner) : ITableStore
    {
        public int Queries { get; private set; }

        public ITable Open(string name) => name == "messages" ? new Table(this, inner.Open(name)) : inner.Open(name);

        public Task CreateAsync(
            IEnumerable<string> names, CancellationToken cancellationToken) => inner.CreateAsync(names, cancellationToken);

        private sealed class Table(EmptyPages store, ITable table) : ITable
        {
            public Task<Row?> GetAsync(
                string partition, string key, CancellationToken cancellationToken) => table.GetAsync(partition, key, cancellationToken);

            public Task<RowPage> QueryAsync(string partition, RowQuery query, CancellationToken cancellationToken)
            {
                store.Queries++;
                return Task.FromResult(new RowPage([], "further on"));
            }

            public Task<SubmitResult> SubmitAsync(
                string partition, IReadOnlyList<Operation> operations, CancellationToken cancellationToken) =>
                table.SubmitAsync(partition, operations, cancellationToken);
        }
    }
}

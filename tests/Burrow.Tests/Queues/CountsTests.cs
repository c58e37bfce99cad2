using System.Text;
using Burrow.Queues;
using Burrow.Queues.Counting;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Tests.Queues;

/// <summary>The counts of queues: how they are written down, and corrected.</summary>
public sealed class CountsTests
{
    private readonly JumpingTime time = new();
    private readonly MemoryTableStore memory = new();
    private readonly InterceptedStore store;
    private readonly QueueEngine one;
    private readonly QueueEngine two;
    private readonly QueueAddress queue = new(new("a"), new("q"));

    public CountsTests()
    {
        store = new(memory);
        (one, two) = (NewEngine(), NewEngine());
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_kind_of_change_is_counted_by_whichever_process_makes_it()
    {
        foreach (var (engine, id) in ((QueueEngine, string)[])[(one, "1"), (two, "2"), (one, "3"), (two, "4"), (one, "5")])
            await PutAsync(engine, id, "12345");
        await PutAsync(one, "large", new string('x', 100_000));
        await PutAsync(two, "1", "replaced, longer");
        await PutAsync(one, "brief", "gone soon", ttl: 1);
        await two.UpdateAsync(queue, new() { Limit = 2, Detail = Detail.None }, new(null, 60), TimeSpan.Zero, Token);
        await one.DeleteAsync(queue, new("3"), Precondition.None, Detail.None, Token);
        await one.TakeAsync(queue, new() { Limit = 1, Detail = Detail.All }, TimeSpan.Zero, Token);
        await WriteAsync();

        (await StoredAsync()).ShouldBe(new QueueCounts(6, 16 + 5 + 5 + 100_000 + 9, 7, 2, 2, 0) with { Messages = 5 });

        time.Advance(TimeSpan.FromMinutes(2));
        await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
        await WriteAsync();
        (await StoredAsync()).ShouldBe(new QueueCounts(4, 16 + 5 + 5 + 100_000, 7, 2, 2, 1));
        (await one.UsageAsync(queue)).Account.ShouldBe(new AccountUsage(4, 100_026, 1));
    }

    [Fact]
    public async Task An_expired_message_that_is_replaced_was_expired()
    {
        await PutAsync(one, "1", "old", ttl: 1);
        time.Advance(TimeSpan.FromSeconds(2));
        await PutAsync(one, "1", "newer");
        await WriteAsync();
        (await StoredAsync()).ShouldBe(new QueueCounts(1, 5, 2, 0, 0, 1));
    }

    [Fact]
    public async Task A_process_that_is_killed_takes_its_counts_with_it_until_the_timer_counts_anew()
    {
        await PutAsync(one, "1", "12345");
        await PutAsync(two, "2", "12345");
        await one.WriteCountsAsync(Token);
        // The other process never writes its own counts.
        (await StoredAsync()).Messages.ShouldBe(1);

        time.Advance(TimeSpan.FromMinutes(2));
        await NewEngine().SweepAsync(TimeSpan.FromMinutes(1), Token);

        (await StoredAsync()).ShouldBe(new QueueCounts(2, 10, 1, 0, 0, 0));
    }

    [Fact]
    public async Task What_one_process_counted_anew_another_does_not_count_twice()
    {
        await PutAsync(one, "1", "12345");
        time.Advance(TimeSpan.FromMinutes(2));
        await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
        await WriteAsync();
        (await StoredAsync()).ShouldBe(new QueueCounts(1, 5, 1, 0, 0, 0));
    }

    [Fact]
    public async Task What_is_not_written_yet_when_it_is_counted_anew_is_corrected_later()
    {
        // The timer visits the queue only once, when it is new, because no message of it expires or is removed.
        for (var i = 0; i < 7; i++)
            await PutAsync(two, $"{i}", "x");
        time.Advance(TimeSpan.FromMinutes(2));
        await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
        await two.WriteCountsAsync(Token);
        (await StoredAsync()).Messages.ShouldBe(14, "the scan saw them, and then their process wrote them down");

        time.Advance(TimeSpan.FromMinutes(3));
        await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
        (await StoredAsync()).ShouldBe(new QueueCounts(7, 7, 7, 0, 0, 0));
    }

    [Fact]
    public async Task Others_that_write_while_it_is_counted_anew_lose_nothing_and_it_neither()
    {
        for (var minute = 0; minute < 10; minute++)
        {
            for (var i = 0; i < 50; i++)
                await PutAsync(one, $"{minute}-{i}", "x", ttl: 30);
            await PutAsync(two, $"two-{minute}", "x", ttl: 30);
            time.Advance(TimeSpan.FromMinutes(1));
            LetTheOtherWriteInBetween();
            await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
            store.Before = _ => Task.CompletedTask;
        }

        for (var minute = 0; minute < 5; minute++)
        {
            await WriteAsync();
            time.Advance(TimeSpan.FromMinutes(1));
            await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
        }

        await WriteAsync();
        var rows = await RowsAsync();
        (rows.Count == 0 ? QueueCounts.None : CountRow.From(rows[0]).Counts).ShouldBe(new QueueCounts(0, 0, 510, 0, 0, 510));
    }

    [Fact]
    public async Task An_answer_that_is_lost_counts_once()
    {
        await PutAsync(one, "1", "12345");
        await WriteAsync();
        await PutAsync(one, "2", "12345");
        store.After = call => call is { Table: CountTable.Name, Kind: CallKind.Submit }
            ? throw new TableUnavailableException("lost", new IOException())
            : Task.CompletedTask;
        await one.WriteCountsAsync(Token);
        store.After = _ => Task.CompletedTask;
        await one.WriteCountsAsync(Token);
        (await StoredAsync()).Messages.ShouldBe(2);

        // A write that storage did not carry out is done later.
        await PutAsync(one, "3", "12345");
        store.Before = call => call is { Table: CountTable.Name, Kind: CallKind.Submit }
            ? throw new TableUnavailableException("busy", new IOException())
            : Task.CompletedTask;
        await one.WriteCountsAsync(Token);
        store.Before = _ => Task.CompletedTask;
        await one.WriteCountsAsync(Token);
        (await StoredAsync()).Messages.ShouldBe(3);
    }

    [Fact]
    public async Task Where_counts_fail_queues_are_swept_and_puts_are_served()
    {
        await PutAsync(one, "1", "12345", ttl: 1);
        store.Before = call => call.Table == CountTable.Name ? throw new InvalidOperationException("no such table") : Task.CompletedTask;
        time.Advance(TimeSpan.FromMinutes(2));
        await two.SweepAsync(TimeSpan.FromMinutes(1), Token);
        await WriteAsync();
        (await one.UsageAsync(queue)).Account.ShouldBe(new AccountUsage(0, 0, 0));
        (await memory.Open(QueueContext.MessagesTable).QueryAsync(
            queue.Partition, new(QueueKeys.IndexFrom, QueueKeys.IndexBefore), Token)).Rows.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_queue_that_is_gone_leaves_no_count()
    {
        await PutAsync(one, "1", "12345");
        await WriteAsync();
        await two.TakeAsync(queue, new() { Limit = 1, Detail = Detail.All }, TimeSpan.Zero, Token);
        await WriteAsync();
        (await one.UsageAsync(queue)).Account.ShouldBe(new AccountUsage(0, 0, 0));
        for (var minute = 0; minute < 20; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
            await WriteAsync();
        }

        (await RowsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_storage_does_not_answer_nothing_is_lost_that_was_not_sent()
    {
        await PutAsync(one, "1", "12345");
        store.Before = call => call.Table == CountTable.Name
            ? throw new TableUnavailableException("down", new IOException())
            : Task.CompletedTask;
        await WriteAsync();
        store.Before = _ => Task.CompletedTask;
        (await RowsAsync()).ShouldBeEmpty();
        await WriteAsync();
        (await StoredAsync()).Messages.ShouldBe(1);
    }

    [Fact]
    public async Task Two_processes_that_write_at_once_lose_nothing()
    {
        await PutAsync(one, "1", "12345");
        await WriteAsync();
        await PutAsync(one, "2", "12345");
        await PutAsync(two, "3", "12345");
        LetTheOtherWriteInBetween();
        await one.WriteCountsAsync(Token);
        (await StoredAsync()).ShouldBe(new QueueCounts(3, 15, 3, 0, 0, 0));
    }

    [Fact]
    public async Task A_long_queue_is_counted_anew_the_more_seldom()
    {
        for (var i = 0; i < 2500; i += 100)
            await Task.WhenAll(Enumerable.Range(i, 100).Select(n => PutAsync(one, $"{n}", "x")));
        await WriteAsync();
        var queries = 0;
        store.Before = call =>
        {
            queries += call is { Table: QueueContext.MessagesTable, Kind: CallKind.Query } ? 1 : 0;
            return Task.CompletedTask;
        };
        var counts = new List<int>();
        for (var minute = 0; minute < 8; minute++)
        {
            await one.TakeAsync(queue, new() { Limit = 1, Detail = Detail.None }, TimeSpan.Zero, Token);
            time.Advance(TimeSpan.FromMinutes(1.1));
            queries = 0;
            await one.SweepAsync(TimeSpan.FromMinutes(1), Token);
            counts.Add(queries);
        }

        // Two of its three pages are full, so it is counted every other minute at most.
        counts.Count(queries => queries > 5).ShouldBeInRange(3, 5, string.Join(' ', counts));
    }

    private Task PutAsync(QueueEngine engine, string id, string body, long ttl = 0) =>
        engine.PutAsync(queue, new(new(id), Encoding.UTF8.GetBytes(body), null, new(ttl, 0), Precondition.None), Token);

    /// <summary>The other process writes its counts once, before the next write of counts.</summary>
    private void LetTheOtherWriteInBetween()
    {
        var between = false;
        store.Before = async call =>
        {
            if (between || call is not { Table: CountTable.Name, Kind: CallKind.Submit })
                return;
            between = true;
            await two.WriteCountsAsync(Token);
        };
    }

    private async Task WriteAsync()
    {
        await one.WriteCountsAsync(Token);
        await two.WriteCountsAsync(Token);
    }

    private async Task<QueueCounts> StoredAsync() => CountRow.From((await RowsAsync()).Single()).Counts;

    private async Task<IReadOnlyList<Row>> RowsAsync() =>
        (await memory.Open(CountTable.Name).QueryAsync(DirectoryKeys.Queues(queue.Account), new("!", "~"), Token)).Rows;

    private QueueEngine NewEngine() => new(store, time, new Random(1), new BurrowOptions(), NullLogger<QueueEngine>.Instance);
}

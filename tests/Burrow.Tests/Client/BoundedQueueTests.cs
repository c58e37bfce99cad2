using Burrow.Embedded;
using Burrow.Tests.Support;

namespace Burrow.Tests.Client;

/// <summary>The queue between threads, point by point as Python's documentation of <c>queue.Queue</c> says.</summary>
public sealed class BoundedQueueTests : IAsyncLifetime
{
    private readonly TestTime time = new();
    private readonly TemporaryFolder folder = new();
    private EmbeddedBurrow burrow = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => burrow = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await burrow.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Items_come_out_in_order_and_higher_priorities_first()
    {
        using var queue = await OpenAsync();
        await queue.PutAsync(new("a", 1), cancellationToken: Token);
        await queue.PutAsync(new("b", 2), cancellationToken: Token);
        await queue.PutAsync(new("c", 3), priority: 9, Token);

        queue.Count.ShouldBe(3);
        (await queue.GetAsync(Token)).ShouldBe(new("c", 3));
        (await queue.GetAsync(Token)).ShouldBe(new("a", 1));
        (await queue.GetAsync(Token)).ShouldBe(new("b", 2));
        (await queue.TryGetAsync(TimeSpan.Zero, Token)).ShouldBe((false, null));
    }

    [Fact]
    public async Task A_put_waits_for_room_for_as_long_as_it_says()
    {
        using var queue = await OpenAsync(maxSize: 1);
        (await queue.TryPutAsync(new("a", 1), TimeSpan.Zero, cancellationToken: Token)).ShouldBeTrue();
        (await queue.TryPutAsync(new("b", 1), TimeSpan.Zero, cancellationToken: Token)).ShouldBeFalse();

        var late = queue.TryPutAsync(new("b", 1), TimeSpan.FromSeconds(5), cancellationToken: Token).AsTask();
        await time.BegunAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(4.9));
        late.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(0.1));
        (await late).ShouldBeFalse();

        var waiting = queue.PutAsync(new("c", 1), cancellationToken: Token);
        (await queue.GetAsync(Token)).Customer.ShouldBe("a");
        await waiting;
        using var cancelled = new CancellationTokenSource();
        var never = queue.PutAsync(new("d", 1), cancellationToken: cancelled.Token);
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(never);
        (await queue.GetAsync(Token)).Customer.ShouldBe("c");
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_get_waits_for_an_item_for_as_long_as_it_says()
    {
        using var queue = await OpenAsync();
        var late = queue.TryGetAsync(TimeSpan.FromSeconds(5), Token).AsTask();
        await time.BegunAsync(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        (await late).Found.ShouldBeFalse();

        var waiting = queue.GetAsync(Token);
        await queue.PutAsync(new("a", 1), cancellationToken: Token);
        (await waiting).Customer.ShouldBe("a");
    }

    [Fact]
    public async Task Join_waits_until_each_item_is_done()
    {
        using var queue = await OpenAsync();
        await queue.JoinAsync(Token);
        await queue.PutAsync(new("a", 1), cancellationToken: Token);
        await queue.PutAsync(new("b", 1), cancellationToken: Token);
        var joining = queue.JoinAsync(Token);

        await queue.GetAsync(Token);
        await queue.GetAsync(Token);
        queue.TaskDone();
        joining.IsCompleted.ShouldBeFalse();
        queue.TaskDone();

        await joining;
        Should.Throw<InvalidOperationException>(queue.TaskDone);
    }

    [Fact]
    public async Task After_a_shutdown_puts_throw_and_gets_go_on_until_it_is_empty()
    {
        using var queue = await OpenAsync(maxSize: 1);
        await queue.PutAsync(new("a", 1), cancellationToken: Token);
        var blocked = queue.PutAsync(new("b", 1), cancellationToken: Token);

        await queue.ShutDownAsync();

        await Should.ThrowAsync<QueueShutDownException>(blocked);
        (await queue.GetAsync(Token)).Customer.ShouldBe("a");
        await Should.ThrowAsync<QueueShutDownException>(queue.GetAsync(Token));
        await Should.ThrowAsync<QueueShutDownException>(queue.PutAsync(new("c", 1), cancellationToken: Token));
        queue.TaskDone();
        await queue.JoinAsync(Token);
    }

    [Fact]
    public async Task An_immediate_shutdown_drops_what_is_there_and_frees_who_waits()
    {
        using var queue = await OpenAsync();
        await queue.PutAsync(new("a", 1), cancellationToken: Token);
        await queue.PutAsync(new("b", 1), cancellationToken: Token);
        var joining = queue.JoinAsync(Token);
        using var empty = await OpenAsync("other");
        var getting = empty.GetAsync(Token);

        await queue.ShutDownAsync(immediate: true);
        await empty.ShutDownAsync(immediate: true);

        await joining;
        queue.Count.ShouldBe(0);
        await Should.ThrowAsync<QueueShutDownException>(queue.GetAsync(Token));
        await Should.ThrowAsync<QueueShutDownException>(getting);
        (await burrow.Account("local").QueuesAsync(Token).AnyAsync(Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_not_got_is_there_after_a_start()
    {
        using (var queue = await OpenAsync(maxSize: 2))
        {
            await queue.PutAsync(new("a", 1), cancellationToken: Token);
            await queue.PutAsync(new("b", 1), cancellationToken: Token);
            await queue.GetAsync(Token);
        }

        await burrow.DisposeAsync();
        burrow = await StartAsync();
        using var again = await OpenAsync(maxSize: 1);

        again.Count.ShouldBe(1);
        (await again.TryPutAsync(new("c", 1), TimeSpan.Zero, cancellationToken: Token)).ShouldBeFalse();
        (await again.GetAsync(Token)).Customer.ShouldBe("b");
        again.TaskDone();
        await again.JoinAsync(Token);
    }

    [Fact]
    public async Task Many_threads_put_and_get_each_item_once()
    {
        using var queue = await OpenAsync(maxSize: 16);
        var got = await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            var own = new List<int>();
            for (var i = 0; i < 200; i++)
            {
                if (thread % 2 == 0)
                {
                    await queue.PutAsync(new("x", (thread * 1_000) + i), cancellationToken: Token);
                    continue;
                }

                own.Add((await queue.GetAsync(Token)).Pizzas);
                queue.TaskDone();
            }

            return own;
        }, Token)));

        await queue.JoinAsync(Token);
        var all = got.SelectMany(own => own).ToList();
        all.Order().ShouldBe(from thread in Enumerable.Range(0, 4) from i in Enumerable.Range(0, 200) select (thread * 2_000) + i);
        // What one thread put and one thread got, it got in order.
        foreach (var own in got)
            own.GroupBy(item => item / 1_000).ShouldAllBe(group => group.SequenceEqual(group.Order()));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    public async Task What_can_not_be_put_is_refused(int priority)
    {
        using var queue = await OpenAsync(maxSize: 1);
        await Should.ThrowAsync<ArgumentOutOfRangeException>(queue.PutAsync(new("a", 1), priority, Token));
        (await Should.ThrowAsync<ArgumentException>(queue.PutAsync(new(new('x', 1024 * 1024), 1), cancellationToken: Token)))
            .Message.ShouldStartWith("An item has at most 1048576 bytes as JSON");
        await Should.ThrowAsync<OperationCanceledException>(
            queue.PutAsync(new("a", 1), cancellationToken: new CancellationToken(true)));
        // It took no room.
        (await queue.TryPutAsync(new("a", 1), TimeSpan.Zero, cancellationToken: Token)).ShouldBeTrue();
        (await queue.TryGetAsync(TimeSpan.FromDays(60), Token)).Found.ShouldBeTrue();
    }

    [Fact]
    public async Task An_immediate_shutdown_takes_nothing_from_gets_that_are_under_way()
    {
        for (var round = 0; round < 30; round++)
        {
            using var queue = await OpenAsync($"q{round}");
            for (var i = 0; i < 30; i++)
                await queue.PutAsync(new("a", i), cancellationToken: Token);
            var getting = Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
            {
                try
                {
                    while (true)
                    {
                        await queue.GetAsync(Token);
                        queue.TaskDone();
                    }
                }
                catch (QueueShutDownException)
                {
                    return true;
                }
            }, Token)).ToList();
            // The gets and the shutdown may meet at a message. Then one of them pauses before it looks again.
            getting.Add(Task.Run(async () =>
            {
                await queue.ShutDownAsync(immediate: true);
                return true;
            }, Token));
            await time.AdvanceUntilAsync(Task.WhenAll(getting), TimeSpan.FromMilliseconds(10));
            await queue.JoinAsync(Token);
        }
    }

    [Fact]
    public async Task Work_that_was_said_to_be_done_early_does_not_disturb_a_shutdown()
    {
        using var queue = await OpenAsync();
        await queue.PutAsync(new("a", 1), cancellationToken: Token);
        await queue.PutAsync(new("b", 1), cancellationToken: Token);
        queue.TaskDone();
        queue.TaskDone();
        await queue.ShutDownAsync(immediate: true);
        await Should.ThrowAsync<QueueShutDownException>(queue.GetAsync(Token));
        await queue.JoinAsync(Token);
    }

    [Fact]
    public async Task Waits_end_when_the_queue_or_all_of_Burrow_is_disposed()
    {
        var one = await OpenAsync("one", maxSize: 1);
        await one.PutAsync(new("a", 1), cancellationToken: Token);
        var putting = one.PutAsync(new("b", 1), cancellationToken: Token);
        var other = await OpenAsync("other");
        var getting = other.GetAsync(Token);
        var joining = one.JoinAsync(Token);

        one.Dispose();
        await Should.ThrowAsync<QueueShutDownException>(putting);
        await Should.ThrowAsync<QueueShutDownException>(joining);
        await Should.ThrowAsync<QueueShutDownException>(one.JoinAsync(Token));
        await burrow.DisposeAsync();
        await Should.ThrowAsync<QueueShutDownException>(getting);
        await Should.ThrowAsync<ObjectDisposedException>(other.PutAsync(new("c", 1), cancellationToken: Token));
        await Should.ThrowAsync<ObjectDisposedException>(other.GetAsync(Token));

        burrow = await StartAsync();
        using var again = await OpenAsync("one");
        again.Count.ShouldBe(1);
    }

    [Fact]
    public async Task One_that_is_opened_with_less_room_than_it_has_items_takes_none_until_there_is_room()
    {
        using (var queue = await OpenAsync())
        {
            for (var i = 0; i < 5; i++)
                await queue.PutAsync(new("a", i), cancellationToken: Token);
        }

        using var smaller = await OpenAsync(maxSize: 2);
        for (var i = 0; i < 3; i++)
        {
            await smaller.GetAsync(Token);
            (await smaller.TryPutAsync(new("b", i), TimeSpan.Zero, cancellationToken: Token)).ShouldBeFalse();
        }

        await smaller.GetAsync(Token);
        (await smaller.TryPutAsync(new("b", 9), TimeSpan.Zero, cancellationToken: Token)).ShouldBeTrue();
        smaller.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_queue_whose_messages_are_claimed_elsewhere_is_not_opened()
    {
        var queue = burrow.Account("local").Queue("q");
        await queue.PutAsync("x", new() { Ttl = Timeout.InfiniteTimeSpan }, Token);
        await queue.ClaimAsync(TimeSpan.FromMinutes(1), cancellationToken: Token);
        (await Should.ThrowAsync<InvalidOperationException>(OpenAsync())).Message.ShouldStartWith("Queue 'q' has hidden messages");
    }

    private Task<EmbeddedBurrow> StartAsync() =>
        EmbeddedBurrow.StartAsync(new() { File = folder.File("burrow.db"), Time = time }, Token);

    private Task<BoundedQueue<Order>> OpenAsync(string name = "q", int maxSize = 0) =>
        burrow.OpenBoundedQueueAsync(name, TestJson.Default.Order, maxSize, Token);
}

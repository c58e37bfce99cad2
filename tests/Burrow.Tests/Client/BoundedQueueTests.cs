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

    private Task<EmbeddedBurrow> StartAsync() =>
        EmbeddedBurrow.StartAsync(new() { File = folder.File("burrow.db"), Time = time }, Token);

    private Task<BoundedQueue<Order>> OpenAsync(string name = "q", int maxSize = 0) =>
        burrow.OpenBoundedQueueAsync(name, TestJson.Default.Order, maxSize, Token);
}

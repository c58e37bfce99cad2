using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Burrow.Tests.Queues;

/// <summary>Waiting for messages, within a process and across two.</summary>
public sealed class WaitTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    private readonly MemoryTableStore store = new();
    private readonly FakeTimeProvider time = new();
    private readonly TestQueue queue;
    private readonly TestQueue other;

    public WaitTests()
    {
        queue = new(store, time);
        other = new(store, time);
    }

    [Fact]
    public void A_put_wakes_every_reader_and_one_claimer_without_the_clock_moving() => SingleThread.Run(async () =>
    {
        var readers = Enumerable.Range(0, 3).Select(_ => ListAsync(queue)).ToList();
        var claimers = Enumerable.Range(0, 3).Select(_ => ClaimAsync(queue)).ToList();

        // If a claimer comes first, it hides the message from the readers at once. So the test puts one for them besides those to claim.
        await queue.PutAsync("a");
        var first = await await Task.WhenAny(claimers);

        first.Messages[0].Id.Value.ShouldBe("a");
        claimers.Count(claim => claim.IsCompleted).ShouldBe(1);
        await queue.PutAsync("b");
        await queue.PutAsync("c");
        await queue.PutAsync("d");
        (await Task.WhenAll(claimers)).Select(list => list.Messages[0].Id.Value).Order().ShouldBe(["a", "b", "c"]);
        (await Task.WhenAll(readers)).ShouldAllBe(list => list.Count > 0);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void However_many_readers_wait_for_the_same_a_put_costs_two_reads_of_the_queue(int readers) => SingleThread.Run(async () =>
    {
        var observed = new InterceptedStore(store);
        var crowded = new TestQueue(observed, time);
        await crowded.PutAsync("first");
        var end = (await crowded.ListAsync())[^1].Sequence;
        var waiting = Enumerable.Range(0, readers)
            .Select(_ => crowded.Engine.ListAsync(crowded.Address, new() { After = end }, Wait, CancellationToken.None)).ToList();
        var queries = 0;
        observed.Before = call =>
        {
            queries += call is { Table: "messages", Kind: CallKind.Query } ? 1 : 0;
            return Task.CompletedTask;
        };

        await crowded.PutAsync("second");
        var lists = await Task.WhenAll(waiting);

        lists.ShouldAllBe(list => list.Messages.Count == 1 && list.Messages[0].Id.Value == "second");
        // A read takes two queries. The first reader begins one alone, and the others share the next.
        queries.ShouldBeLessThanOrEqualTo(4);
    });

    [Fact]
    public void It_ends_with_nothing_when_the_time_is_up() => SingleThread.Run(async () =>
    {
        var list = ListAsync(queue);
        list.IsCompleted.ShouldBeFalse();

        await AdvanceUntilAsync(list);

        (await list).Count.ShouldBe(0);
        (time.GetUtcNow() - time.Start).ShouldBeGreaterThanOrEqualTo(Wait);
    });

    [Fact]
    public void It_is_cut_to_what_the_setting_allows() => SingleThread.Run(async () =>
    {
        var list = queue.Engine.ListAsync(queue.Address, new(), TimeSpan.FromSeconds(86_400), CancellationToken.None);

        await AdvanceUntilAsync(list);

        (await list).Count.ShouldBe(0);
        (time.GetUtcNow() - time.Start).ShouldBeLessThan(TimeSpan.FromSeconds(110));
    });

    [Fact]
    public void A_put_of_another_process_is_seen_within_a_second() => SingleThread.Run(async () =>
    {
        var list = ListAsync(queue);
        await other.PutAsync("a");

        await AdvanceUntilAsync(list);

        TestQueue.Ids((await list).Messages).ShouldBe("a");
        (time.GetUtcNow() - time.Start).ShouldBeLessThan(TimeSpan.FromSeconds(3));
    });

    [Fact]
    public void A_message_whose_hide_runs_out_wakes_who_waits_at_that_instant() => SingleThread.Run(async () =>
    {
        await queue.PutAsync("a", hide: 10);
        var list = ListAsync(queue);

        await AdvanceUntilAsync(list);

        TestQueue.Ids((await list).Messages).ShouldBe("a");
        (time.GetUtcNow() - time.Start).ShouldBeInRange(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(12));
    });

    [Fact]
    public void A_message_that_another_process_releases_is_seen() => SingleThread.Run(async () =>
    {
        await queue.PutAsync("a", hide: 3600);
        var list = ListAsync(queue);
        await other.UpdateAsync("a", hide: 0);

        await AdvanceUntilAsync(list);

        TestQueue.Ids((await list).Messages).ShouldBe("a");
    });

    [Fact]
    public void A_release_of_this_process_wakes_at_once() => SingleThread.Run(async () =>
    {
        await queue.PutAllAsync(["a", "b"], hide: 3600);
        var one = ListAsync(queue);
        await queue.UpdateAsync("a", hide: 0);
        TestQueue.Ids((await one).Messages).ShouldBe("a");

        var next = queue.Engine.ListAsync(queue.Address, new() { Marker = new("a") }, Wait, CancellationToken.None);
        await queue.Engine.UpdateAsync(queue.Address, new() { MatchHidden = true }, new(null, 0), TimeSpan.Zero, CancellationToken.None);
        TestQueue.Ids((await next).Messages).ShouldBe("b");
    });

    [Fact]
    public void Who_leaves_is_let_go_at_once_and_takes_nothing() => SingleThread.Run(async () =>
    {
        using var leaving = new CancellationTokenSource();
        var claim = queue.Engine.UpdateAsync(queue.Address, new() { Limit = 1 }, new(null, 60), Wait, leaving.Token);
        await leaving.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => claim);

        await queue.PutAsync("a");
        (await queue.IdsAsync()).ShouldBe("a");
    });

    [Fact]
    public void When_the_process_stops_all_waits_end_as_if_their_time_were_up() => SingleThread.Run(async () =>
    {
        var list = ListAsync(queue);

        queue.Engine.StopWaiting();

        (await list).Count.ShouldBe(0);
        (await ListAsync(queue)).Count.ShouldBe(0);
    });

    [Fact]
    public void A_wait_that_is_ended_ends_alone_as_if_its_time_were_up() => SingleThread.Run(async () =>
    {
        using var ended = new CancellationTokenSource();
        var other = ListAsync(queue);
        var list = queue.Engine.ListAsync(
            queue.Address, new(), new WaitOptions(Wait, long.MaxValue) { Ended = ended.Token }, CancellationToken.None);

        ended.Cancel();

        (await list).Count.ShouldBe(0);
        await queue.PutAsync("a");
        (await other).Count.ShouldBe(1);
    });

    [Fact]
    public void Storage_is_not_asked_once_no_request_waits() => SingleThread.Run(async () =>
    {
        var counted = new InterceptedStore(store);
        var mine = new TestQueue(counted, time);
        var list = ListAsync(mine);
        await AdvanceUntilAsync(list);
        var calls = 0;
        counted.Before = _ =>
        {
            calls++;
            return Task.CompletedTask;
        };

        for (var i = 0; i < 50; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await SingleThread.SettleAsync();
        }

        calls.ShouldBe(0);
    });

    private static Task<MessageList> ListAsync(TestQueue queue) =>
        queue.Engine.ListAsync(queue.Address, new(), Wait, CancellationToken.None);

    private static Task<MessageList> ClaimAsync(TestQueue queue) =>
        queue.Engine.UpdateAsync(queue.Address, new() { Limit = 1 }, new(null, 3600), Wait, CancellationToken.None);

    /// <summary>Moves the clock in small steps, and lets all other work run after each step.</summary>
    private async Task AdvanceUntilAsync(Task task)
    {
        for (var i = 0; !task.IsCompleted && i < 3000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await SingleThread.SettleAsync();
        }

        task.IsCompleted.ShouldBeTrue();
    }
}

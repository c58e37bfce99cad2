using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>Claims and takes of more messages than one pass reads.</summary>
public sealed class LargeClaimTests
{
    private const int Stored = 3000;

    private readonly JumpingTime time = new();
    private readonly MemoryTableStore memory = new();
    private readonly InterceptedStore store;
    private readonly TestQueue queue;

    /// <summary>Another process.</summary>
    private readonly TestQueue other;

    private int queries;

    public LargeClaimTests()
    {
        store = new(memory);
        queue = new(store, time);
        other = new(memory, time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_large_claim_gets_all_in_order_and_says_that_there_is_no_more()
    {
        await PutAsync();

        var list = await ClaimAsync(Stored, hide: 600);

        list.Messages.Select(message => message.Id.Value).ShouldBe(Enumerable.Range(0, Stored).Select(i => $"{i:d4}"));
        list.More.ShouldBeFalse();
        (await ClaimAsync(5, hide: 600)).Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_ends_before_its_own_first_messages_are_visible_again(bool areMoved)
    {
        await PutAsync();
        // Between the first pass and the second, the hides of the first pass end.
        BeforeQuery(3, async () =>
        {
            time.Advance(TimeSpan.FromSeconds(12));
            if (areMoved)
                await other.SweepAsync();
        });

        var list = await ClaimAsync(Stored, hide: 1);

        list.Count.ShouldBeInRange(1, Stored - 1);
        list.More.ShouldBeTrue();
        list.Messages.DistinctBy(message => message.Id).Count().ShouldBe(list.Count);
    }

    [Fact]
    public async Task It_ends_when_its_client_has_gone_and_small_ones_do_not_wait_for_it()
    {
        await PutAsync();
        using var client = new CancellationTokenSource();
        BeforeQuery(3, async () =>
        {
            (await queue.TakeAsync(1)).ShouldHaveSingleItem();
            await client.CancelAsync();
        });

        var taken = await queue.Engine.TakeAsync(queue.Address, new() { Limit = Stored, Detail = Detail.Id }, TimeSpan.Zero, client.Token);

        taken.More.ShouldBeTrue();
        taken.Count.ShouldBeLessThan(Stored - 1);
        (await other.ListAsync()).Count.ShouldBe(Stored - 1 - taken.Count);
    }

    [Theory]
    [InlineData(Stored)]
    [InlineData(null)]
    public async Task A_pause_in_the_middle_leaves_more_and_one_at_the_start_is_told(int? limit)
    {
        await PutAsync();
        BeforeQuery(3, () => PauseAsync(true));

        var list = await ClaimAsync(limit, hide: 600);

        list.Count.ShouldBeInRange(1, Stored - 1);
        list.More.ShouldBeTrue();

        await PauseAsync(false);
        // After the look before the pass, and before its first change.
        time.Advance(TimeSpan.FromSeconds(10));
        BeforeQuery(1, () => PauseAsync(true));
        (await ClaimAsync(limit is null ? null : Stored, hide: 600)).IsPaused.ShouldBe(limit is null);
    }

    private Task PutAsync() => queue.PutAllAsync(Enumerable.Range(0, Stored).Select(i => $"{i:d4}"));

    private Task<MessageList> ClaimAsync(int? limit, long hide) => queue.Engine.UpdateAsync(
        queue.Address, new() { Limit = limit, Detail = Detail.Id }, new(null, hide), TimeSpan.Zero, Token);

    private Task PauseAsync(bool isPaused) => queue.PolicyAsync(new(new("p"), QueuePattern.All) { Paused = isPaused });

    /// <summary>Makes something happen before a query of messages, with the number of the query from now on.</summary>
    private void BeforeQuery(int number, Func<Task> happen)
    {
        queries = 0;
        store.Before = call => call is { Table: "messages", Kind: CallKind.Query } && ++queries == number ? happen() : Task.CompletedTask;
    }
}

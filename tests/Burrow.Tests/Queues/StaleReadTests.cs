using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>
/// A row is a moment old when a process uses it. The simulation found each of these cases: a message changes, expires or becomes
/// visible after a process reads its row and before the process uses it.
/// </summary>
public sealed class StaleReadTests
{
    private readonly JumpingTime time = new();
    private readonly MemoryTableStore memory = new();
    private readonly InterceptedStore store;
    private readonly TestQueue queue;
    private readonly TestQueue other;

    /// <summary>A process whose clock is five seconds behind.</summary>
    private readonly TestQueue late;

    public StaleReadTests()
    {
        store = new(memory);
        queue = new(store, time);
        other = new(memory, time);
        late = new(memory, new LateTime(time, TimeSpan.FromSeconds(5)));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_expires_while_its_body_is_read_does_not_seem_to_live_for_ever()
    {
        await queue.PutAsync("a", new byte[QueueLimits.InlineBytes + 1], ttl: 10);
        After(CallKind.Get, 1, () => time.Advance(TimeSpan.FromSeconds(11)));

        (await queue.ListAsync()).ShouldHaveSingleItem().Ttl.ShouldBe(1);
    }

    [Theory]
    [InlineData(nameof(CallKind.Query), 1)]
    [InlineData(nameof(CallKind.Get), 2)]
    public async Task A_message_that_comes_back_while_the_next_of_its_group_is_made_ready_goes_before_it(string kind, int number)
    {
        await PutGroupAsync();
        // The removal has read which message is next, or its row too. Then an earlier one comes back.
        var isBack = false;
        AfterAsync(Enum.Parse<CallKind>(kind), number, async () =>
        {
            await other.RedriveAsync("first");
            isBack = true;
        });

        await queue.DeleteAsync("second");

        isBack.ShouldBeTrue();
        TestQueue.Ids(await queue.ClaimAsync(10)).ShouldBe("first");
    }

    [Fact]
    public async Task So_it_does_where_the_next_one_has_expired()
    {
        await PutGroupAsync(ttl: 60);
        await queue.PutInGroupAsync("fourth", "g");
        time.Advance(TimeSpan.FromSeconds(60) + QueueLimits.ClockSkew);
        var isBack = false;
        AfterAsync(CallKind.Query, 1, async () =>
        {
            await other.RedriveAsync("first");
            isBack = true;
        });

        await queue.DeleteAsync("second");

        isBack.ShouldBeTrue();
        TestQueue.Ids(await queue.ClaimAsync(10)).ShouldBe("first");
    }

    /// <summary>A group: the first message is dead, the second one ready, the third one waits.</summary>
    private async Task PutGroupAsync(long ttl = 0)
    {
        foreach (var (id, lives) in ((string, long)[])[("first", 0), ("second", 0), ("third", ttl)])
            await queue.PutInGroupAsync(id, "g", lives);
        var first = (await queue.ClaimAsync()).ShouldHaveSingleItem();
        await queue.SettleAsync(first, new(OutcomeKind.Dead));
    }

    [Fact]
    public async Task A_list_of_several_priorities_shows_what_becomes_visible_and_is_moved_between_two_of_its_pages()
    {
        await queue.PutAsync("large", new byte[QueueLimits.InlineBytes + 1]);
        await queue.PutAllAsync(Enumerable.Range(0, 2500).Select(i => $"{i:d4}"));
        await queue.PutWithPriorityAsync("x", 9);
        await queue.PutAsync("last");
        (await queue.ClaimAsync(hide: 30)).ShouldHaveSingleItem().Id.Value.ShouldBe("x");
        // The first three queries read the hidden line, and the first page of both lanes: all of priority 9. The fourth reads the body.
        var isSwept = false;
        AfterAsync(CallKind.Query, 4, async () =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await other.SweepAsync();
            isSwept = true;
        });

        var list = await queue.ListAsync();

        isSwept.ShouldBeTrue();
        list.TakeLast(2).Select(message => message.Id.Value).ShouldBe(["x", "last"]);
        list.Count.ShouldBe(2503);
    }

    [Fact]
    public async Task A_list_of_several_priorities_ends_however_slow_storage_is_and_however_much_expired()
    {
        for (var i = 0; i < 10_500; i++)
            await queue.Engine.PutAsync(queue.Address, new(new($"{i}"), [], null, new(1, 0), Precondition.None) { Priority = 1 }, Token);
        await queue.PutWithPriorityAsync("a", 1);
        await queue.PutWithPriorityAsync("b", 5);
        time.Advance(TimeSpan.FromSeconds(2));
        var queries = 0;
        store.Before = call =>
        {
            time.Advance(TimeSpan.FromSeconds(1.1));
            return ++queries < 200 ? Task.CompletedTask : throw new InvalidOperationException("It does not end.");
        };

        (await queue.IdsAsync()).ShouldBe("a b");
    }

    [Fact]
    public async Task A_message_that_expires_while_a_claim_looks_is_not_claimed()
    {
        await queue.PutAsync("a", ttl: 10);
        After(CallKind.Query, 2, () => time.Advance(TimeSpan.FromSeconds(11)));

        (await queue.ClaimAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_claim_on_slow_storage_does_not_give_up_at_its_first_conflict()
    {
        await queue.PutAsync("a", hide: 1);
        await queue.PutAsync("b");
        time.Advance(TimeSpan.FromMinutes(2));
        // The timer moves the first message, while storage takes longer than conflicts may last.
        BeforeSubmit(async tries =>
        {
            if (tries > 1)
                return;
            await other.SweepAsync();
            time.Advance(QueueLimits.ConflictTime + TimeSpan.FromSeconds(1));
        });

        TestQueue.Ids(await queue.ClaimAsync(limit: 2)).ShouldBe("a b");
    }

    [Fact]
    public async Task A_claim_that_others_are_ahead_of_for_too_long_says_that_there_is_more()
    {
        await queue.PutAsync("a");
        await queue.PutAsync("b");
        BeforeSubmit(async _ =>
        {
            await other.UpdateAsync("a", ttl: 1000);
            time.Advance(TimeSpan.FromSeconds(6));
        });

        var list = await queue.Engine.UpdateAsync(queue.Address, new() { Limit = 2 }, new(null, 60), TimeSpan.Zero, Token);

        TestQueue.Ids(list.Messages).ShouldBe("b");
        list.More.ShouldBeTrue();
    }

    [Fact]
    public async Task A_put_that_was_refused_is_never_carried_out_later()
    {
        await queue.PutAsync("a");
        IReadOnlyList<Operation> sent = [];
        store.Before = call =>
        {
            if (call is not { Table: "messages", Kind: CallKind.Submit } || sent.Count > 0)
                return Task.CompletedTask;
            sent = call.Operations;
            throw new TableUnavailableException("outcome unknown");
        };

        await Should.ThrowAsync<PreconditionFailedException>(() => queue.PutAsync("a", precondition: Precondition.MustNotExist));

        // Storage now carries out the transaction that it had given up on.
        await other.DeleteAsync("a");
        var late = await memory.Open("messages").SubmitAsync(queue.Address.Partition, sent, Token);
        late.Refusal.ShouldBe(Refusal.Changed);
        late.FailedIndex.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_put_while_a_list_reads_is_left_for_the_next(bool matchHidden)
    {
        await queue.PutAsync("a");
        AfterAsync(CallKind.Query, matchHidden ? 2 : 1, async () =>
        {
            await late.PutAsync("visible");
            await late.PutAsync("hidden", hide: 1);
            await late.PutAsync("behind");
        });

        (await queue.IdsAsync(new() { MatchHidden = matchHidden })).ShouldBe("a");
        (await queue.IdsAsync(new() { MatchHidden = matchHidden, Marker = new("a") })).ShouldBe("visible hidden behind");
    }

    [Fact]
    public async Task What_a_process_with_a_late_clock_hid_for_a_moment_is_not_passed_by_a_slow_reader()
    {
        await queue.PutAllAsync(["a", "b"]);
        AfterAsync(CallKind.Query, 1, async () =>
        {
            TestQueue.Ids(await late.ClaimAsync(hide: 1)).ShouldBe("a");
            time.Advance(TimeSpan.FromSeconds(2));
        });

        (await queue.IdsAsync()).ShouldBe("a b");
    }

    [Fact]
    public async Task A_list_shows_no_message_that_was_hidden_again_before_it_was_visible()
    {
        await queue.PutAsync("a", hide: 10);
        time.Advance(TimeSpan.FromSeconds(9.5));
        AfterAsync(CallKind.Get, 2, async () =>
        {
            await other.UpdateAsync("a", hide: 60);
            time.Advance(TimeSpan.FromSeconds(1));
        });

        (await queue.ListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_list_does_not_lose_what_is_given_more_time_while_it_reads()
    {
        await queue.PutAsync("a", ttl: 10);
        time.Advance(TimeSpan.FromSeconds(9.9));
        AfterAsync(CallKind.Query, 2, GiveMoreTimeAsync);

        (await queue.IdsAsync()).ShouldBe("a");
    }

    [Fact]
    public async Task Deleting_a_queue_does_not_pass_over_what_is_given_more_time_meanwhile()
    {
        await queue.PutAsync("a", ttl: 10);
        time.Advance(TimeSpan.FromSeconds(9.9));
        AfterAsync(CallKind.Get, 2, GiveMoreTimeAsync);

        await queue.Engine.DeleteQueuesAsync(queue.Address.Account, new(null, null), Token);

        (await queue.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_claim_takes_a_message_once_that_was_deleted_and_put_anew_while_it_looked()
    {
        await queue.PutAsync("a", hide: 5);
        time.Advance(TimeSpan.FromSeconds(6));
        AfterAsync(CallKind.Query, 1, async () =>
        {
            await other.DeleteAsync("a");
            await other.PutAsync("a", "new");
        });

        (await queue.ClaimAsync(5)).ShouldHaveSingleItem().Body.ShouldBe("new"u8.ToArray());
    }

    /// <summary>The timer moves the message after the claim has looked at the hidden line, or at both lines.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_claim_does_not_pass_over_what_the_timer_moves_just_then(int looks)
    {
        await queue.PutAsync("a", hide: 5);
        await queue.PutAsync("b");
        time.Advance(TimeSpan.FromSeconds(20));
        AfterAsync(CallKind.Query, looks, other.SweepAsync);

        TestQueue.Ids(await queue.ClaimAsync()).ShouldBe("a");
    }

    private async Task GiveMoreTimeAsync()
    {
        await other.UpdateAsync("a", ttl: 60);
        time.Advance(TimeSpan.FromSeconds(0.2));
    }

    private void After(CallKind kind, int number, Action happens) => AfterAsync(kind, number, () =>
    {
        happens();
        return Task.CompletedTask;
    });

    /// <summary>
    /// Makes something happen between a request to storage and its answer: the request of that kind and number on messages.
    /// </summary>
    private void AfterAsync(CallKind kind, int number, Func<Task> happens)
    {
        var calls = 0;
        store.After = call => call.Table == "messages" && call.Kind == kind && ++calls == number ? happens() : Task.CompletedTask;
    }

    /// <summary>Makes something happen before each transaction on messages, with the number of the transaction, from 1.</summary>
    private void BeforeSubmit(Func<int, Task> happen)
    {
        var tries = 0;
        store.Before = call => call is { Table: "messages", Kind: CallKind.Submit } ? happen(++tries) : Task.CompletedTask;
    }

    private sealed class LateTime(TimeProvider time, TimeSpan by) : TimeProvider
    {
        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() - by;

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}

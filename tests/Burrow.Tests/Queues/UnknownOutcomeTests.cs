using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>Storage answers with an error, or not at all, before or after it carries out the request.</summary>
public sealed class UnknownOutcomeTests
{
    private readonly InterceptedStore store = new(new MemoryTableStore());
    private readonly TestQueue queue;

    public UnknownOutcomeTests() => queue = new(store, new JumpingTime());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_put_whose_answer_is_lost_or_never_came_is_stored_once(bool committed)
    {
        await queue.PutAsync("before");
        Fail(1, committed);

        var result = await queue.PutAsync("message", "body", ttl: 60);

        result.Created.ShouldBeTrue();
        var list = await queue.ListAsync();
        TestQueue.Ids(list).ShouldBe("before message");
        list[1].Receipt.ShouldBe(result.Receipt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replace_whose_answer_is_lost_or_never_came_happens_once(bool committed)
    {
        await queue.PutAsync("message", "old", ttl: 60);
        Fail(1, committed, skip: 1);

        var result = await queue.PutAsync("message", "new", ttl: 60);

        result.Created.ShouldBeFalse();
        var message = (await queue.ListAsync()).ShouldHaveSingleItem();
        message.Body.ShouldBe("new"u8.ToArray());
        message.Receipt.ShouldBe(result.Receipt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_claim_whose_answer_is_lost_or_never_came_is_one_delivery(bool committed)
    {
        await queue.PutAllAsync(["a", "b"]);
        Fail(1, committed);

        var claimed = await queue.ClaimAsync();

        TestQueue.Ids(claimed).ShouldBe("a");
        var message = await queue.GetAsync("a");
        message!.Deliveries.ShouldBe(1);
        message.Receipt.ShouldBe(claimed[0].Receipt);
        (await queue.DeleteAsync("a", new([claimed[0].Receipt.Value], null))).ShouldNotBeNull();
        (await queue.IdsAsync(new() { MatchHidden = true })).ShouldBe("b");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_update_whose_answer_is_lost_or_never_came_happens_once(bool committed)
    {
        await queue.PutAsync("a");
        Fail(1, committed);

        var updated = await queue.UpdateAsync("a", ttl: 100, hide: 10);

        (await queue.GetAsync("a"))!.Receipt.ShouldBe(updated!.Receipt);
    }

    [Fact]
    public async Task A_delete_that_never_came_through_is_sent_again()
    {
        await queue.PutAsync("a");
        Fail(1, committed: false);

        (await queue.DeleteAsync("a")).ShouldNotBeNull();

        (await queue.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_take_whose_answer_is_lost_can_not_be_told_and_shows_nothing()
    {
        await queue.PutAllAsync(["a", "b"]);
        Fail(1, committed: true);

        await Should.ThrowAsync<UnavailableException>(() => queue.TakeAsync());

        (await queue.IdsAsync()).ShouldBe("b");
    }

    [Fact]
    public async Task A_delete_whose_answer_is_lost_can_not_be_told_from_anothers()
    {
        await queue.PutAsync("a");
        Fail(1, committed: true);

        await Should.ThrowAsync<UnavailableException>(() => queue.DeleteAsync("a"));

        (await queue.GetAsync("a")).ShouldBeNull();
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(8, false)]
    public async Task A_claim_whose_answer_is_lost_knows_itself_unless_others_changed_the_message_too_often_since(int changes, bool known)
    {
        await queue.PutAsync("a");
        var other = new TestQueue(store, new JumpingTime());
        var submitted = 0;
        store.After = async call =>
        {
            if (call is not { Kind: CallKind.Submit, Table: "messages" } || submitted++ > 0)
                return;
            for (var i = 0; i < changes; i++)
                await other.UpdateAsync("a", ttl: 100 + i);
            throw new TableUnavailableException("lost");
        };

        var claim = queue.ClaimAsync();

        if (known)
            TestQueue.Ids(await claim).ShouldBe("a");
        else
            await Should.ThrowAsync<UnavailableException>(() => claim);
        // The claim did not run a second time.
        (await queue.GetAsync("a"))!.Deliveries.ShouldBe(1);
    }

    [Fact]
    public async Task Storage_that_stays_away_is_given_up_on_and_nothing_is_acknowledged()
    {
        await queue.PutAsync("a");
        Fail(int.MaxValue, committed: false);

        await Should.ThrowAsync<UnavailableException>(() => queue.PutAsync("b"));
        await Should.ThrowAsync<UnavailableException>(() => queue.ClaimAsync());
        await Should.ThrowAsync<UnavailableException>(() => queue.DeleteAsync("a"));

        store.Before = _ => Task.CompletedTask;
        (await queue.PutAsync("c")).Created.ShouldBeTrue();
        (await queue.IdsAsync()).ShouldBe("a c");
    }

    [Fact]
    public async Task Reads_are_tried_again()
    {
        await queue.PutAsync("a");
        var failures = 0;
        store.Before = call => call.Kind != CallKind.Submit && failures++ % 3 < 2
            ? throw new TableUnavailableException("busy")
            : Task.CompletedTask;

        (await queue.IdsAsync()).ShouldBe("a");
        (await queue.GetAsync("a")).ShouldNotBeNull();
        TestQueue.Ids(await queue.ClaimAsync()).ShouldBe("a");
    }

    /// <summary>Makes transactions on messages fail, after storage commits them or before it gets them.</summary>
    private void Fail(int times, bool committed, int skip = 0)
    {
        Task Fail(TableCall call)
        {
            if (call is { Kind: CallKind.Submit, Table: "messages" } && --skip < 0 && times-- > 0)
                throw new TableUnavailableException("lost");
            return Task.CompletedTask;
        }

        if (committed)
            store.After = Fail;
        else
            store.Before = Fail;
    }
}

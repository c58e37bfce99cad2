using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Burrow.Tests.Queues;

/// <summary>Deaths by time, policies and pauses while other requests are in the middle of their work.</summary>
public sealed class DeathTests
{
    private readonly JumpingTime time = new();
    private readonly MemoryTableStore memory = new();
    private readonly InterceptedStore store;
    private readonly TestQueue queue;

    /// <summary>Another process.</summary>
    private readonly TestQueue other;

    public DeathTests()
    {
        store = new(memory);
        queue = new(store, time);
        other = new(memory, time);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_take_whose_policy_can_not_be_read_afterwards_returns_what_it_took()
    {
        await queue.PutAllAsync(["a", "b"]);
        var isDown = false;
        store.Before = call =>
        {
            if (call is { Table: "messages", Kind: CallKind.Submit })
            {
                // Longer than what was read of the policies is good for.
                time.Advance(TimeSpan.FromSeconds(4));
                isDown = true;
            }

            return call.Table == "policies" && isDown ? throw new TableUnavailableException("The storage is down.") : Task.CompletedTask;
        };

        TestQueue.Ids(await queue.TakeAsync(10)).ShouldBe("a b");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_of_many_leaves_a_message_that_dies_before_its_transaction(bool isDelete)
    {
        await LastDeliveryAsync("a", body: new string('x', 40_000));
        time.Advance(TimeSpan.FromSeconds(4.9));
        // The body is in a row of its own, which is read after the rows of the message.
        var (gets, died) = (0, false);
        store.Before = async call =>
        {
            // By id, then in line, then the body.
            if (call is not { Table: "messages", Kind: CallKind.Get } || ++gets != 3)
                return;
            died = true;
            time.Advance(TimeSpan.FromSeconds(1));
            (await other.Engine.GetDeadAsync(queue.Address, new("a"), Detail.Id, Token)).ShouldNotBeNull();
        };
        var selection = new MessageSelection { MatchHidden = true, Detail = Detail.Full };

        var changed = isDelete
            ? await queue.Engine.TakeAsync(queue.Address, selection, TimeSpan.Zero, Token)
            : await queue.Engine.UpdateAsync(queue.Address, selection, new(null, 60), TimeSpan.Zero, Token);

        died.ShouldBeTrue();
        changed.Count.ShouldBe(0);
        (await other.GetAsync("a")).ShouldBeNull();
        TestQueue.Ids(await other.ListDeadAsync()).ShouldBe("a");
    }

    [Fact]
    public async Task An_answer_has_as_many_messages_as_fit_with_their_causes()
    {
        var cause = new string('\u0001', QueueLimits.CauseBytes);
        for (var i = 0; i < 400; i++)
        {
            var receipt = (await queue.PutAsync($"{i}")).Receipt;
            for (var j = 0; j < QueueLimits.Causes; j++)
            {
                var settled = await queue.Engine.SettleAsync(
                    queue.Address, new($"{i}"), new(OutcomeKind.Dead, cause), new([receipt.Value], null), Detail.None, Token);
                receipt = settled.ShouldNotBeNull().Receipt;
            }
        }

        var list = await queue.Engine.ListDeadAsync(queue.Address, new() { Detail = Detail.Full }, Token);

        // As JSON, a control character has six bytes.
        const int most = (int)(QueueLimits.AnswerBytes / (QueueLimits.Causes * QueueLimits.CauseBytes * 6));
        list.Count.ShouldBeInRange(most - 20, most);
        list.More.ShouldBeTrue();
        (await queue.Engine.RedriveAsync(
            queue.Address, new() { Detail = Detail.Full, Limit = 1000 }, default, Token)).Count.ShouldBe(list.Count);
    }

    [Fact]
    public async Task The_death_of_a_message_is_announced_also_if_its_queue_is_deleted_before_its_burial()
    {
        var outbox = new DeathCounter();
        var engine = new QueueEngine(store, time, Random.Shared, new BurrowOptions(), NullLogger<QueueEngine>.Instance, outbox);
        await LastDeliveryAsync("a");
        await queue.PutAsync("b");
        time.Advance(TimeSpan.FromSeconds(6));

        (await engine.DeleteQueuesAsync(queue.Address.Account, new(null, null), Token)).Names.ShouldBe(["queue"]);

        outbox.Deaths.ShouldBe(1);
        (await other.Engine.GetDeadAsync(queue.Address, new("a"), Detail.Id, Token)).ShouldBeNull();
        (await other.GetAsync("b")).ShouldBeNull();
    }

    [Fact]
    public async Task A_put_gives_up_while_storage_refuses_to_bury_the_message_of_its_id()
    {
        await LastDeliveryAsync("a");
        time.Advance(TimeSpan.FromSeconds(6));
        store.Before = call => call is { Table: "messages", Kind: CallKind.Submit }
            ? throw new TableUnavailableException("The storage takes no writes.")
            : Task.CompletedTask;
        var begun = time.GetUtcNow();

        await Should.ThrowAsync<UnavailableException>(() => queue.PutAsync("a", precondition: new(["\"no\""], null)));

        (time.GetUtcNow() - begun).ShouldBeLessThan(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Other_puts_do_not_fail_with_it()
    {
        await LastDeliveryAsync("a");
        time.Advance(TimeSpan.FromSeconds(6));
        store.Before = call => call is { Table: "messages", Kind: CallKind.Submit }
            && call.Operations.Any(operation => operation.Key.StartsWith("d!", StringComparison.Ordinal))
                ? throw new TableUnavailableException("The storage buries nothing.")
                : Task.CompletedTask;

        var puts = new[] { queue.PutAsync("first"), queue.PutAsync("a", precondition: new(["no"], null)), queue.PutAsync("b") };

        await Should.ThrowAsync<UnavailableException>(() => puts[1]);
        (await puts[0]).Created.ShouldBeTrue();
        (await puts[2]).Created.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_that_expires_before_the_transaction_stays_expired(bool byId)
    {
        await queue.PutAsync("a", new string('x', 40_000), ttl: 5);
        time.Advance(TimeSpan.FromSeconds(4.9));
        var (gets, expired) = (0, false);
        store.Before = async call =>
        {
            // The last read is that of the body.
            if (call is not { Table: "messages", Kind: CallKind.Get } || ++gets != (byId ? 3 : 1))
                return;
            expired = true;
            time.Advance(TimeSpan.FromSeconds(1));
            (await other.GetAsync("a")).ShouldBeNull();
        };

        var changed = byId
            ? await queue.UpdateAsync("a", ttl: 100) is not null
            : (await queue.Engine.UpdateAsync(
                queue.Address, new() { Detail = Detail.Full }, new(100, null), TimeSpan.Zero, Token)).Count > 0;

        expired.ShouldBeTrue();
        changed.ShouldBeFalse();
        (await other.GetAsync("a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_long_claim_heeds_a_policy_that_was_made_meanwhile()
    {
        await queue.PutAllAsync(Enumerable.Range(0, 500).Select(i => $"{i:d3}"));
        var submits = 0;
        store.Before = async call =>
        {
            if (call is not { Table: "messages", Kind: CallKind.Submit })
                return;
            time.Advance(TimeSpan.FromSeconds(2));
            if (++submits == 1)
                await other.PolicyAsync(new(new("p"), QueuePattern.All) { MaxDeliveries = 1 });
        };

        (await queue.ClaimAsync(null, hide: 300)).Count.ShouldBe(500);

        store.Before = _ => Task.CompletedTask;
        time.Advance(TimeSpan.FromMinutes(6));
        var alive = await other.ListAsync();
        alive.Count.ShouldBeInRange(1, 200);
        (await other.ListAsync(new() { MatchHidden = true })).Count.ShouldBe(alive.Count);
    }

    private async Task LastDeliveryAsync(string id, string body = "")
    {
        await queue.PolicyAsync(new(new("policy"), QueuePattern.All) { MaxDeliveries = 1 });
        await queue.PutAsync(id, body);
        (await queue.ClaimAsync(hide: 5)).ShouldHaveSingleItem();
    }

    /// <summary>Counts the deaths that are announced.</summary>
    private sealed class DeathCounter : IEventOutbox
    {
        public int Deaths { get; private set; }

        public ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken) => new(EventKinds.Dead);

        public OutboxRow NewMessageCreated(QueueAddress queue, MessageState message, PutRequest request) =>
            throw new InvalidOperationException();

        public OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? row) =>
            throw new InvalidOperationException();

        public OutboxRow NewMessageDead(QueueAddress queue, MessageState message, MessageRow row, IReadOnlyList<Cause> causes)
        {
            Deaths++;
            return new(QueueKeys.Event(message.Sequence, Revisions.New(Random.Shared)), new Columns());
        }

        public void Publish(QueueAddress queue, IReadOnlyList<OutboxRow> rows)
        {
        }

        public Task<bool> DrainAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken) => Task.FromResult(true);
    }
}

using Burrow.Queues;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Queues;

/// <summary>
/// What fills the room of groups where one transaction cannot, and what keeps within one transaction (docs/design/groups.md).
/// </summary>
public sealed class GroupRoomTests
{
    private readonly JumpingTime time = new();
    private readonly TestQueue queue;
    private readonly TestQueue other;

    public GroupRoomTests()
    {
        // It refuses what Table storage refuses: a transaction has at most 100 operations.
        var store = new MemoryTableStore();
        (queue, other) = (new(store, time), new(store, time));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_that_come_back_and_wait_between_others_are_redriven_in_transactions_of_100()
    {
        for (var g = 0; g < 40; g++)
        {
            foreach (var id in (string[])["w", "d", "z"])
                await queue.PutInGroupAsync($"{g}-{id}", $"g{g}", ttl: 86400);
        }

        await KillAllAsync();
        await PolicyAsync(halts: true);
        (await RedriveAsync()).ShouldBe(40);
        await KillAllAsync();
        (await RedriveAsync()).ShouldBe(40);
        TestQueue.Ids(await queue.ClaimAsync(100)).ShouldBe(string.Join(' ', Enumerable.Range(0, 40).Select(g => $"{g}-w")));
    }

    [Fact]
    public async Task So_are_many_of_one_group()
    {
        await PolicyAsync(halts: true);
        for (var i = 0; i < 9; i++)
        {
            await queue.PutInGroupAsync($"w{i}", "g", ttl: 86400);
            await queue.PutInGroupAsync($"d{i}", "g", ttl: 86400);
        }

        for (var i = 0; i < 9; i++)
        {
            var dead = (await queue.GetAsync($"d{i}"))!;
            await queue.SettleAsync(dead, new(OutcomeKind.Dead));
        }

        await PolicyAsync(halts: true, concurrency: 20);
        (await RedriveAsync()).ShouldBe(9);
        (await ClaimUntilAsync(queue, 18)).Count.ShouldBe(18);
    }

    [Fact]
    public async Task A_process_that_never_saw_a_group_halted_frees_it_too()
    {
        await queue.PutInGroupAsync("x", "h");
        (await other.ClaimAsync()).ShouldHaveSingleItem();
        await queue.DeleteAsync("x");
        time.Advance(TimeSpan.FromHours(1));
        await PolicyAsync(halts: true);
        await queue.PutInGroupAsync("1", "g");
        await queue.PutInGroupAsync("2", "g");
        await KillAllAsync();
        time.Advance(TimeSpan.FromHours(1));
        await PolicyAsync(halts: false);

        (await ClaimUntilAsync(other, 1)).ShouldBe(["2"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public async Task Claims_without_a_limit_free_a_group_too(int? limit)
    {
        await PolicyAsync(halts: true);
        await queue.PutInGroupAsync("1", "g");
        await queue.PutInGroupAsync("2", "g");
        await KillAllAsync();
        await PolicyAsync(halts: false);

        (await ClaimUntilAsync(queue, 1, limit)).ShouldBe(["2"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public async Task Claims_without_a_limit_pass_a_front_that_expired_too(int? limit)
    {
        await queue.PutInGroupAsync("1", "g", ttl: 5);
        await queue.PutInGroupAsync("2", "g");
        time.Advance(TimeSpan.FromSeconds(5));

        (await ClaimUntilAsync(queue, 1, limit)).ShouldBe(["2"]);
    }

    [Fact]
    public async Task More_room_than_one_transaction_fills_is_filled()
    {
        await PolicyAsync(halts: true, concurrency: 100);
        await queue.PutInGroupAsync("dead", "g");
        await KillAllAsync();
        var ids = Enumerable.Range(0, 150).Select(i => $"{i:d3}").ToList();
        foreach (var id in ids)
            await queue.PutInGroupAsync(id, "g");
        await queue.Engine.PurgeAsync(queue.Address, new("dead"), Precondition.None, Detail.None, Token);

        (await ClaimUntilAsync(queue, 100)).ShouldBe(ids.Take(100));
    }

    [Fact]
    public async Task So_is_room_behind_many_that_expired()
    {
        await PolicyAsync(halts: false, concurrency: 2);
        await queue.PutInGroupAsync("long", "g");
        await queue.PutInGroupAsync("short", "g");
        for (var i = 0; i < 40; i++)
            await queue.PutInGroupAsync($"{i}", "g", ttl: 60);
        await queue.PutInGroupAsync("live", "g");
        (await queue.ClaimAsync(2, hide: QueueLimits.AttributeSeconds)).Count.ShouldBe(2);
        time.Advance(TimeSpan.FromMinutes(2));

        await queue.DeleteAsync("short");

        (await ClaimUntilAsync(queue, 1)).ShouldBe(["live"]);
    }

    private async Task PolicyAsync(bool halts, long concurrency = 1)
    {
        await queue.PolicyAsync(new(new("p"), QueuePattern.All) { HaltsGroupOnDead = halts, GroupConcurrency = concurrency });
        // Every process heeds it within 5 s.
        time.Advance(TimeSpan.FromSeconds(5));
    }

    private async Task KillAllAsync()
    {
        foreach (var message in await queue.ClaimAsync(1000))
            await queue.SettleAsync(message, new(OutcomeKind.Dead));
    }

    private async Task<int> RedriveAsync() =>
        (await queue.Engine.RedriveAsync(queue.Address, new() { Detail = Detail.None }, default, Token)).Count;

    /// <summary>Claims until so many messages came, and waits for them as a worker does.</summary>
    private static async Task<List<string>> ClaimUntilAsync(TestQueue worker, int count, int? limit = 100)
    {
        var ids = new List<string>();
        // The clock jumps while it waits, and work in the background takes its own time. So no number of waits is enough for certain.
        while (ids.Count < count && !Token.IsCancellationRequested)
        {
            var list = await worker.Engine.UpdateAsync(
                worker.Address, new() { Limit = limit }, new(null, QueueLimits.AttributeSeconds), TimeSpan.FromSeconds(20), Token);
            ids.AddRange(list.Messages.Select(message => message.Id.Value));
        }

        return ids;
    }
}

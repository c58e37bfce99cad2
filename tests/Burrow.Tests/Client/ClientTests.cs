using System.Net;
using System.Text.Json.Serialization;
using Burrow.Client;
using Burrow.Tests.Support;

namespace Burrow.Tests.Client;

/// <summary>What the client promises, wherever the engine is: behind a socket, behind the Functions host, or in this process.</summary>
public abstract partial class ClientTests(ServerFixture server) : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.25);
    private static readonly PutOptions ForEver = new() { Ttl = Timeout.InfiniteTimeSpan };

    private readonly BurrowClient client = server.NewClient();
    private readonly string accountName = $"a{Guid.NewGuid():n}";

    private BurrowAccount Account => client.Account(accountName);

    private BurrowQueue<string> Queue => Account.Queue("q");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        client.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_message_is_put_shown_replaced_and_deleted()
    {
        var put = await Queue.PutAsync("two pizzas", new() { Id = "a/1 ü?#%", Ttl = Minute, Priority = 7, ContentType = "text/x" }, Token);
        put.ShouldBe(new("a/1 ü?#%", IsNew: true, put.Receipt));
        put.Receipt.ShouldNotBeNull();

        var found = (await Queue.GetAsync(put.Id, Token)).ShouldNotBeNull();
        (found.Id, found.Body, found.Ttl, found.Hide, found.Priority, found.ContentType, found.Receipt, found.Deliveries)
            .ShouldBe((put.Id, "two pizzas", Minute, TimeSpan.Zero, 7, "text/x", put.Receipt, 0));
        found.Inserted.ShouldBe(server.Time.GetUtcNow(), TimeSpan.FromSeconds(1));

        var replaced = await Queue.PutAsync("one salad", ForEver with { Id = put.Id, Receipt = put.Receipt }, Token);
        replaced.IsNew.ShouldBeFalse();
        (await Queue.GetAsync(put.Id, Token))!.Ttl.ShouldBeNull();
        (await Should.ThrowAsync<BurrowConflictException>(
            Queue.PutAsync("x", new() { Id = put.Id, Receipt = put.Receipt }, Token))).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        await Should.ThrowAsync<BurrowConflictException>(Queue.PutAsync("x", new() { Id = put.Id, OnlyIfNew = true }, Token));
        await Should.ThrowAsync<BurrowConflictException>(Queue.DeleteAsync(put.Id, put.Receipt, Token));
        (await Queue.DeleteAsync(put.Id, replaced.Receipt, Token)).ShouldBeTrue();
        (await Queue.DeleteAsync(put.Id, cancellationToken: Token)).ShouldBeFalse();
        (await Queue.GetAsync(put.Id, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_body_is_bytes_text_or_json()
    {
        byte[] bytes = [0, 255, 10, 200];
        await Account.BytesQueue("q").PutAsync(bytes, ForEver with { Id = "bytes" }, Token);
        await Queue.PutAsync("täxt \"with\" \\ and \u0001", ForEver with { Id = "text" }, Token);
        var pizzas = Account.Queue("q", TestJson.Default.Order);
        await pizzas.PutAsync(new("Ann", 2), ForEver with { Id = "json" }, Token);

        var all = await Account.BytesQueue("q").ListAsync(cancellationToken: Token).ToListAsync(Token);
        all.ConvertAll(message => message.Id).ShouldBe(["bytes", "text", "json"]);
        all.ShouldAllBe(message => message.Priority == PutOptions.DefaultPriority && message.Group == null && message.Causes.Count == 0);
        all[0].Body.ToArray().ShouldBe(bytes);
        (await Queue.GetAsync("text", Token))!.Body.ShouldBe("täxt \"with\" \\ and \u0001");
        (await pizzas.GetAsync("json", Token))!.Body.ShouldBe(new("Ann", 2));
        all[2].ContentType.ShouldBe("application/json");
        Should.Throw<BurrowBodyException>(() => pizzas.GetAsync("text", Token).Result!.Body).Message.ShouldContain("'text' is no Order");
        Should.Throw<BurrowBodyException>(() => Queue.GetAsync("bytes", Token).Result!.Body).Message.ShouldContain("UTF-8");
    }

    [Fact]
    public async Task Batches_are_packed_and_say_what_was_not_stored()
    {
        var bodies = Enumerable.Range(0, 1_234).Select(i => $"{i}").ToList();

        var stored = await Queue.PutManyAsync(bodies, ForEver, Token);

        stored.ShouldAllBe(result => result.IsDone && result.Status == 201 && result.Receipt != null);
        var listed = await Queue.ListAsync(new() { PageSize = 500 }, Token).ToListAsync(Token);
        listed.ConvertAll(message => message.Body).ShouldBe(bodies);
        listed.ConvertAll(message => message.Id).ShouldBe(stored.Select(result => result.Id));

        var error = await Should.ThrowAsync<BurrowBatchException>(Queue.PutManyAsync(
            [
                new("a", ForEver with { Id = "a", Priority = 1 }),
                new("b", ForEver with { Id = listed[0].Id, OnlyIfNew = true }),
                new("c", ForEver with { Id = "a", Priority = 2 }),
            ],
            Token));
        error.Results.Select(result => (result.Id, result.Status)).ShouldBe([("a", 201), (listed[0].Id, 412), ("a", 409)]);
        error.Message.ShouldStartWith("2 of 3 messages were not stored. The first: ");
    }

    [Fact]
    public async Task A_list_begins_anywhere_and_shows_hidden_ones_where_asked()
    {
        foreach (var id in (string[])["a", "b", "c", "d"])
            await Queue.PutAsync(id, ForEver with { Id = id, Hide = id == "c" ? Minute : null }, Token);

        (await IdsAsync(new() { PageSize = 2 })).ShouldBe("a b d");
        (await IdsAsync(new() { IncludeHidden = true })).ShouldBe("a b c d");
        (await IdsAsync(new() { Marker = "b" })).ShouldBe("d");
        var page = await Queue.ListAsync(new() { PageSize = 2 }, Token).Take(2).ToListAsync(Token);
        (await IdsAsync(new() { After = page[1].Cursor })).ShouldBe("d");
        (await Account.Queue("nothing").ListAsync(cancellationToken: Token).ToListAsync(Token)).ShouldBeEmpty();
        (await Should.ThrowAsync<BurrowRequestException>(async () => await IdsAsync(new() { Marker = "a", After = page[0].Cursor ?? "0" })))
            .Errors.Keys.ShouldNotBeEmpty();

        async Task<string> IdsAsync(ListOptions options) =>
            string.Join(' ', (await Queue.ListAsync(options, Token).ToListAsync(Token)).ConvertAll(message => message.Id));
    }

    [Fact]
    public async Task A_claim_is_done_failed_released_or_dead()
    {
        await Account.Policies.SetAsync(new() { Name = "p", Queues = "*", MaxDeliveries = 2, RetryDelays = [5] }, Token);
        foreach (var id in (string[])["done", "failed", "released", "dead"])
            await Queue.PutAsync(id, ForEver with { Id = id }, Token);

        var claimed = await Queue.ClaimAsync(10, Minute, cancellationToken: Token);
        claimed.Select(message => (message.Body, message.Deliveries, message.Hide))
            .ShouldBe([("done", 1, Minute), ("failed", 1, Minute), ("released", 1, Minute), ("dead", 1, Minute)]);
        (await Queue.ClaimAsync(Minute, cancellationToken: Token)).ShouldBeNull();
        await claimed[0].DoneAsync(Token);
        await claimed[1].FailedAsync("no " + new string('ä', 1_000), cancellationToken: Token);
        await claimed[2].ReleasedAsync(Token);
        await claimed[3].DeadAsync("never", Token);

        claimed.ShouldAllBe(message => message.IsSettled);
        await Should.ThrowAsync<InvalidOperationException>(claimed[0].DoneAsync(Token));
        (await Queue.GetAsync("done", Token)).ShouldBeNull();
        var failed = (await Queue.GetAsync("failed", Token))!;
        (failed.Hide, failed.Causes.Single().Delivery, failed.Causes.Single().Text).ShouldBe(
            (TimeSpan.FromSeconds(5), 1, "no " + new string('ä', 510)));
        (await Queue.GetAsync("released", Token))!.Deliveries.ShouldBe(0);
        (await Queue.GetAsync("dead", Token)).ShouldBeNull();
        var dead = (await Queue.DeadLetters.GetAsync("dead", Token)).ShouldNotBeNull();
        (dead.Causes.Single().Text, dead.Died).ShouldBe(("never", server.Time.GetUtcNow()));
    }

    [Fact]
    public async Task A_claim_is_extended_and_a_lost_one_is_told()
    {
        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var first = (await Queue.ClaimAsync(Minute, cancellationToken: Token))!;
        var receipt = first.Receipt;

        server.Time.Advance(TimeSpan.FromSeconds(50));
        await first.ExtendAsync(Minute, Token);

        first.Receipt.ShouldNotBe(receipt);
        server.Time.Advance(TimeSpan.FromSeconds(50));
        (await Queue.ClaimAsync(Minute, cancellationToken: Token)).ShouldBeNull();
        server.Time.Advance(TimeSpan.FromSeconds(11));
        var second = (await Queue.ClaimAsync(Minute, cancellationToken: Token)).ShouldNotBeNull();
        await Should.ThrowAsync<BurrowClaimLostException>(first.ExtendAsync(Minute, Token));
        await Should.ThrowAsync<BurrowClaimLostException>(first.DoneAsync(Token));
        await second.DoneAsync(Token);
        await Should.ThrowAsync<InvalidOperationException>(second.ExtendAsync(Minute, Token));
    }

    [Fact]
    public async Task A_claim_and_a_take_wait_for_a_message()
    {
        var claiming = Queue.ClaimAsync(Minute, Timeout.InfiniteTimeSpan, Token);
        await Queue.PutAsync("a", ForEver, Token);
        (await server.Time.AdvanceUntilAsync(claiming, Step))!.Body.ShouldBe("a");

        var taking = Queue.TakeAsync(5, TimeSpan.FromSeconds(60), Token);
        await Queue.PutAsync("b", ForEver, Token);
        (await server.Time.AdvanceUntilAsync(taking, Step)).Select(message => message.Body).ShouldBe(["b"]);
        (await Queue.TakeAsync(cancellationToken: Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Messages_are_updated_and_all_are_deleted()
    {
        await Queue.PutAsync("a", ForEver with { Id = "a" }, Token);

        (await Queue.UpdateAsync("a", ttl: Minute, hide: Minute, cancellationToken: Token)).ShouldBeTrue();
        (await Queue.UpdateAsync("b", ttl: Minute, cancellationToken: Token)).ShouldBeFalse();

        var found = (await Queue.GetAsync("a", Token))!;
        (found.Ttl, found.Hide).ShouldBe((Minute, Minute));
        await Queue.DeleteAllAsync(Token);
        (await Queue.GetAsync("a", Token)).ShouldBeNull();
        await Queue.DeleteAllAsync(Token);
    }

    [Fact]
    public async Task Accounts_queues_statistics_and_groups_are_shown()
    {
        await Queue.PutAsync("a", ForEver with { Group = "g" }, Token);
        await Queue.PutAsync("b", ForEver with { Group = "g" }, Token);
        await Account.Queue("r").PutAsync("c", ForEver, Token);

        (await Account.QueuesAsync(Token).ToListAsync(Token)).ShouldBe(["q", "r"]);
        (await client.AccountsAsync(Token).ToListAsync(Token)).ShouldContain(accountName);
        var queue = (await Queue.StatisticsAsync(Token))!;
        (queue.Queue, queue.Messages, queue.Visible, queue.Bytes, queue.Inserted).ShouldBe(("q", 2, 2, 2, 2));
        var account = (await Account.StatisticsAsync(cancellationToken: Token))!;
        (account.Account, account.QueueCount, account.Messages, account.Queues.Count).ShouldBe((accountName, 2, 3, 2));
        var group = (await Queue.GroupsAsync(Token).ToListAsync(Token)).Single();
        (group.Group, group.Ready, group.Waiting, group.Held).ShouldBe(("g", 1, 1, 0));
        (await client.IsReadyAsync(Token)).ShouldBeTrue();

        (await Account.DeleteAsync(Token)).ShouldBeTrue();
        (await Account.DeleteAsync(Token)).ShouldBeFalse();
        // The statistics stay until the timer comes.
        (await Account.StatisticsAsync(cancellationToken: Token))!.Messages.ShouldBe(0);
        (await client.Account("other").Queue("q").StatisticsAsync(Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_client_that_waits_until_a_queue_is_empty_is_told()
    {
        await Queue.PutAsync("a", ForEver with { Id = "a" }, Token);
        (await Queue.WaitUntilEmptyAsync(TimeSpan.Zero, Token)).ShouldBeFalse();

        var waiting = Queue.WaitUntilEmptyAsync(Timeout.InfiniteTimeSpan, Token);
        await Queue.DeleteAsync("a", cancellationToken: Token);

        (await server.Time.AdvanceUntilAsync(waiting, Step)).ShouldBeTrue();
    }

    [Fact]
    public async Task Dead_letters_are_listed_redriven_and_purged()
    {
        foreach (var id in (string[])["a", "b", "c", "d"])
            await Queue.PutAsync(id, ForEver with { Id = id }, Token);
        foreach (var message in await Queue.ClaimAsync(4, Minute, cancellationToken: Token))
            await message.DeadAsync(cancellationToken: Token);
        (await Account.DeadQueuesAsync(Token).ToListAsync(Token)).ShouldBe(["q"]);
        (await DeadAsync()).ShouldBe("a b c d");

        (await Queue.DeadLetters.RedriveAsync("b", Timeout.InfiniteTimeSpan, cancellationToken: Token)).ShouldBeTrue();
        (await Queue.DeadLetters.RedriveAsync("b", cancellationToken: Token)).ShouldBeFalse();
        (await Queue.GetAsync("b", Token))!.Ttl.ShouldBeNull();
        (await Queue.DeadLetters.PurgeAsync("a", Token)).ShouldBeTrue();
        (await Queue.DeadLetters.PurgeAsync("a", Token)).ShouldBeFalse();
        (await DeadAsync()).ShouldBe("c d");
        await Queue.DeadLetters.RedriveAllAsync(cancellationToken: Token);
        (await DeadAsync()).ShouldBe("");
        await Queue.DeadLetters.RedriveAllAsync(cancellationToken: Token);
        await Queue.DeadLetters.PurgeAllAsync(Token);
        (await Queue.ListAsync(cancellationToken: Token).ToListAsync(Token)).ConvertAll(message => message.Id).ShouldBe(["b", "c", "d"]);

        async Task<string> DeadAsync() =>
            string.Join(' ', (await Queue.DeadLetters.ListAsync(Token).ToListAsync(Token)).ConvertAll(message => message.Id));
    }

    [Fact]
    public async Task A_job_is_called_and_answers_with_progress()
    {
        var seen = new List<string>();
        var calling = Queue.CallAsync("question", ForEver with { Id = "job" }, new Told(seen), Token);
        var again = Queue.CallAsync("question", ForEver with { Id = "job" }, cancellationToken: Token);
        var job = (await server.Time.AdvanceUntilAsync(Queue.ClaimAsync(Minute, Timeout.InfiniteTimeSpan, Token), Step))!;
        await job.ProgressAsync("half"u8.ToArray(), "text/plain", Token);
        await server.Time.AdvanceUntilAsync(Task.Run(async () =>
        {
            while (true)
            {
                lock (seen)
                {
                    if (seen.Count > 0)
                        return true;
                }

                await Task.Delay(1, Token);
            }
        }), Step);
        await job.DoneAsync("answer"u8.ToArray(), "text/plain", Token);

        var result = await server.Time.AdvanceUntilAsync(calling, Step);
        (result.State, result.Text, result.ContentType).ShouldBe((ResultState.Done, "answer", "text/plain"));
        (await server.Time.AdvanceUntilAsync(again, Step)).Text.ShouldBe("answer");
        seen.ShouldBe(["half"]);
        (await Queue.Results.GetAsync("job", Token))!.State.ShouldBe(ResultState.Done);
        (await Queue.Results.GetAsync("other", Token)).ShouldBeNull();
        (await Queue.Results.WaitAsync("other", cancellationToken: Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_job_that_is_not_done_is_told_with_its_cause()
    {
        var calling = Queue.CallAsync("question", ForEver, cancellationToken: Token);
        var job = (await server.Time.AdvanceUntilAsync(Queue.ClaimAsync(Minute, Timeout.InfiniteTimeSpan, Token), Step))!;
        await job.DeadAsync("no such thing", Token);

        await server.Time.AdvanceUntilAsync(Task.WhenAny(calling), Step);
        var error = await Should.ThrowAsync<BurrowJobException>(calling);
        error.Result.State.ShouldBe(ResultState.Dead);
        error.Message.ShouldEndWith("was not done, it is dead. no such thing");

        await Queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        await Should.ThrowAsync<BurrowConflictException>(Queue.CallAsync("y", new() { Id = "x" }, cancellationToken: Token));
    }

    [Fact]
    public async Task A_producer_stores_each_number_once_in_the_order_of_the_calls()
    {
        var producer = Queue.Producer("till/5");
        (await producer.GetAsync(Token)).ShouldBeNull();
        var puts = Enumerable.Range(0, 300).Select(i => producer.PutAsync($"{i}", ForEver, Token)).ToList();

        (await Task.WhenAll(puts)).ShouldAllBe(put => put.IsNew && !put.IsDuplicate);

        (await Queue.ListAsync(cancellationToken: Token).Select(message => message.Body).ToListAsync(Token))
            .ShouldBe(Enumerable.Range(0, 300).Select(i => $"{i}"));
        (await producer.GetAsync(Token))!.Last.ShouldBe(299);
        (await Queue.ProducersAsync(Token)).Select(one => one.Name).ShouldBe(["till/5"]);
        // Another instance goes on behind it.
        var next = Queue.Producer("till/5", epoch: 2);
        (await next.PutNumberedAsync(299, "299 again", ForEver, Token)).IsDuplicate.ShouldBeTrue();
        (await next.PutAsync("300", ForEver, Token)).IsNew.ShouldBeTrue();
        (await next.GetAsync(Token))!.ShouldSatisfyAllConditions(one => one.Last.ShouldBe(300), one => one.Epoch.ShouldBe(2));
        await Should.ThrowAsync<BurrowProducerFencedException>(producer.PutAsync("late", ForEver, Token));
        (await next.DeleteAsync(Token)).ShouldBeTrue();
        (await next.DeleteAsync(Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_message_that_a_producer_can_not_put_stops_no_other()
    {
        var producer = Queue.Producer("p");
        await Queue.PutAsync("there", ForEver with { Id = "there", Priority = 1 }, Token);

        var first = producer.PutAsync("a", ForEver, Token);
        var wrong = producer.PutAsync("b", ForEver with { Id = "there", Priority = 2 }, Token);
        var last = producer.PutAsync("c", ForEver, Token);

        (await first).IsNew.ShouldBeTrue();
        await Should.ThrowAsync<BurrowConflictException>(wrong);
        (await last).IsNew.ShouldBeTrue();
    }

    [Fact]
    public async Task A_reader_keeps_its_place()
    {
        foreach (var id in (string[])["a", "b", "c"])
            await Queue.PutAsync(id, ForEver with { Id = id }, Token);
        var reader = Queue.Reader("r/1");
        (await reader.GetAsync(Token)).ShouldBeNull();
        (await Should.ThrowAsync<BurrowRequestException>(async () =>
            await Queue.ListAsync(new() { Reader = "r/1" }, Token).ToListAsync(Token))).Errors.Keys.ShouldBe(["reader"]);

        var page = await Queue.ListAsync(new() { PageSize = 2 }, Token).Take(2).ToListAsync(Token);
        var moved = await reader.MoveAsync(page[1].Cursor!, cancellationToken: Token);

        (await reader.GetAsync(Token)).ShouldBe(moved);
        (await Queue.ListAsync(new() { Reader = "r/1" }, Token).ToListAsync(Token)).ConvertAll(message => message.Id).ShouldBe(["c"]);
        await reader.MoveAsync(page[1].Cursor!, moved.Receipt, Token);
        (await Queue.ReadersAsync(Token)).Select(one => one.Name).ShouldBe(["r/1"]);
        (await reader.DeleteAsync(Token)).ShouldBeTrue();
        (await reader.DeleteAsync(Token)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_follower_sees_what_is_there_and_what_comes(bool stream)
    {
        foreach (var id in (string[])["a", "b"])
            await Queue.PutAsync(id, ForEver with { Id = id }, Token);
        await using var follower = Queue.FollowAsync(new() { Stream = stream }, Token).GetAsyncEnumerator(Token);

        (await NextAsync()).Id.ShouldBe("a");
        var second = await NextAsync();
        second.Id.ShouldBe("b");
        var third = NextAsync();
        await Queue.PutAsync("c", ForEver with { Id = "c" }, Token);
        (await third).Id.ShouldBe("c");

        await using var later = Queue.FollowAsync(new() { Stream = stream, After = second.Cursor }, Token).GetAsyncEnumerator(Token);
        await server.Time.AdvanceUntilAsync(later.MoveNextAsync().AsTask(), Step);
        later.Current.Id.ShouldBe("c");

        async Task<Message<string>> NextAsync()
        {
            (await server.Time.AdvanceUntilAsync(follower.MoveNextAsync().AsTask(), Step)).ShouldBeTrue();
            return follower.Current;
        }
    }

    [Fact]
    public async Task Policies_are_set_shown_and_deleted()
    {
        var policy = new Policy
        {
            Name = "kitchen",
            Queues = "kitchen*",
            Ttl = 60,
            Hide = 1,
            MaxDeliveries = 3,
            DeadTtl = 0,
            RetryDelays = [1, 2],
            MaxMessages = 9,
            GroupConcurrency = 2,
            GroupOnDead = "halt",
            Paused = true,
        };

        Show(await Account.Policies.SetAsync(policy, Token)).ShouldBe(Show(policy));
        Show((await Account.Policies.GetAsync("kitchen", Token))!).ShouldBe(Show(policy));
        Show((await Account.Policies.OfQueueAsync("kitchen-1", Token))!).ShouldBe(Show(policy));
        (await Account.Policies.OfQueueAsync("cellar", Token)).ShouldBeNull();
        (await Account.Policies.ListAsync(Token)).Select(one => one.Name).ShouldBe(["kitchen"]);
        (await Should.ThrowAsync<BurrowRequestException>(Account.Policies.SetAsync(policy with { MaxDeliveries = 0 }, Token)))
            .Errors.Keys.ShouldBe(["maxDeliveries"]);
        await Should.ThrowAsync<BurrowConflictException>(Account.Policies.SetAsync(policy with { Name = "other" }, Token));
        (await Account.Policies.DeleteAsync("kitchen", Token)).ShouldBeTrue();
        (await Account.Policies.DeleteAsync("kitchen", Token)).ShouldBeFalse();

        static string Show(Policy policy) => System.Text.Json.JsonSerializer.Serialize(policy);
    }

    [Fact]
    public async Task What_is_no_name_is_refused_before_it_leads_elsewhere()
    {
        foreach (var name in (string[])["", ".", "..", "a\0b", new string('x', 513)])
        {
            Should.Throw<ArgumentException>(() => client.Account(name));
            Should.Throw<ArgumentException>(() => Account.Queue(name));
            await Should.ThrowAsync<ArgumentException>(Queue.DeleteAsync(name, cancellationToken: Token));
        }

        await Should.ThrowAsync<ArgumentOutOfRangeException>(Queue.PutAsync("x", new() { Ttl = TimeSpan.Zero }, Token));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(Queue.PutAsync("x", new() { Hide = -Minute }, Token));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(Queue.ClaimAsync(0, Minute, cancellationToken: Token));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(Queue.ClaimAsync(1, TimeSpan.Zero, cancellationToken: Token));
        (await Should.ThrowAsync<BurrowRequestException>(Queue.PutAsync("x", new() { Priority = 10 }, Token)))
            .Errors.Keys.ShouldBe(["priority"]);
        (await Should.ThrowAsync<BurrowRequestException>(Account.BytesQueue("q").PutAsync(new byte[1_048_577], null, Token)))
            .Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    private sealed class Told(List<string> seen) : IProgress<JobResult>
    {
        public void Report(JobResult value)
        {
            lock (seen)
                seen.Add(value.Text);
        }
    }
}

public sealed record Order(string Customer, int Pizzas);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Order))]
internal sealed partial class TestJson : JsonSerializerContext;

public sealed class MemoryClientTests(MemoryServer server) : ClientTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteClientTests(SqliteServer server) : ClientTests(server), IClassFixture<SqliteServer>;

public sealed class FunctionAppClientTests(FunctionAppServer server) : ClientTests(server), IClassFixture<FunctionAppServer>;

public sealed class EmbeddedMemoryClientTests(EmbeddedMemory server) : ClientTests(server), IClassFixture<EmbeddedMemory>;

public sealed class EmbeddedSqliteClientTests(EmbeddedSqlite server) : ClientTests(server), IClassFixture<EmbeddedSqlite>;

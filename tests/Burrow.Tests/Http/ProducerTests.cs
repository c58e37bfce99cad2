using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Puts that are stored once, whatever is sent again (docs/reference/api.md, "Producers").</summary>
public abstract class ProducerTests(ServerFixture server) : ProtocolTests(server)
{
    private string Producers => $"/producers/{Account}/q";

    [Fact]
    public async Task What_is_sent_again_is_stored_once_also_after_it_was_consumed()
    {
        (await PutAsync($"{Queue}/a?ttl=0&producer=p&number=5")).Status.ShouldBe(201);
        (await DeleteAsync($"{Queue}?limit=1&detail=id")).Strings.ShouldBe(["a"]);

        var again = await PutAsync($"{Queue}/a?ttl=0&producer=p&number=5");

        again.Status.ShouldBe(200);
        again.Headers["Burrow-Duplicate"].ShouldBe("true");
        again.ETag.ShouldBeNull();
        (await IdsAsync(Queue)).ShouldBeEmpty();
        // So is what is older, whatever its id.
        (await PutAsync($"{Queue}/b?ttl=0&producer=p&number=0")).Headers.ShouldContainKey("Burrow-Duplicate");
        // The numbers of another producer, and of another queue, are others.
        (await PutAsync($"{Queue}/c?ttl=0&producer=other&number=5")).Status.ShouldBe(201);
        (await PutAsync($"/v1.0/{Account}/other/a?ttl=0&producer=p&number=5")).Status.ShouldBe(201);
        // A gap is no reason to wait.
        (await PutAsync($"{Queue}/d?ttl=0&producer=p&number=9223372036854775807")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_duplicate_is_told_before_conditions_are_judged_and_a_refused_put_uses_no_number()
    {
        await PutAsync($"{Queue}/a?ttl=0&producer=p&number=1");

        (await PutAsync($"{Queue}/a?producer=p&number=1", "x", ("If-None-Match", "*"))).Headers.ShouldContainKey("Burrow-Duplicate");
        (await PutAsync($"{Queue}/a?producer=p&number=2", "x", ("If-None-Match", "*"))).ShouldBeAProblem(412);
        (await PutAsync($"{Queue}/b?producer=p&number=2")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_batch_sent_again_stores_what_is_missing_of_it()
    {
        (await BatchAsync("producer=p", Item("a", 1), Item("b", 2))).ShouldBe(["201", "201"]);
        await DeleteAsync($"{Queue}/a");

        (await BatchAsync("producer=p", Item("a", 1), Item("b", 2), Item("c", 3))).ShouldBe(["200 duplicate", "200 duplicate", "201"]);

        (await IdsAsync(Queue)).ShouldBe(["b", "c"]);
        (await BatchAsync("producer=p", Item("d", 4), """{"id":"e"}""", Item("f", 4), Item("g", 5))).ShouldBe(["201", "400", "400", "201"]);
        (await BatchAsync("", Item("h", 6))).ShouldBe(["400"]);
    }

    [Fact]
    public async Task Behind_an_item_that_is_refused_the_rest_waits_for_it_to_be_sent_again()
    {
        await PutAsync($"{Queue}/b?ttl=0");

        var first = await BatchAsync("producer=p&previous=0", Item("z", 0));
        first.ShouldBe(["409"]);
        (await BatchAsync("producer=p", Item("z", 0))).ShouldBe(["201"]);
        (await BatchAsync(
            "producer=p&previous=0",
            Item("a", 1),
            Item("b", 2).Replace("}", ",\"ifMatch\":\"\\\"none\\\"\"}", StringComparison.Ordinal),
            Item("c", 3))).ShouldBe(["201", "412", "424"]);
        (await IdsAsync(Queue)).ShouldBe(["b", "z", "a"]);
        (await BatchAsync("producer=p&previous=0", Item("a", 1), Item("b2", 2), Item("c", 3)))
            .ShouldBe(["200 duplicate", "201", "201"]);
    }

    [Fact]
    public async Task A_put_waits_for_those_before_it_and_then_says_what_is_missing()
    {
        await PutAsync($"{Queue}/a?ttl=0&producer=p&number=1");
        await using var second = await ConnectAsync();
        Time.Watch();
        var waiting = second.SendAsync("PUT", $"{Queue}/c?ttl=0&producer=p&number=3&previous=2", [1]);
        await Time.BegunAsync(TimeSpan.FromSeconds(10));

        (await PutAsync($"{Queue}/b?ttl=0&producer=p&number=2&previous=1")).Status.ShouldBe(201);

        (await waiting).Status.ShouldBe(201);
        (await IdsAsync(Queue)).ShouldBe(["a", "b", "c"]);
        Time.Watch();
        var late = second.SendAsync("PUT", $"{Queue}/e?ttl=0&producer=p&number=5&previous=4", [1]);
        await Time.BegunAsync(TimeSpan.FromSeconds(10));
        var refused = await Time.AdvanceUntilAsync(late, TimeSpan.FromSeconds(0.25));
        refused.ShouldBeAProblem(409);
        refused.Headers["Burrow-Last"].ShouldBe("3");
        (await IdsAsync(Queue)).ShouldBe(["a", "b", "c"]);
    }

    [Fact]
    public async Task A_higher_epoch_shuts_lower_ones_out()
    {
        await PutAsync($"{Queue}/a?ttl=0&producer=p&number=1&epoch=2");

        (await PutAsync($"{Queue}/b?producer=p&number=2")).ShouldBeAProblem(409);
        (await PutAsync($"{Queue}/b?producer=p&number=2&epoch=1")).ShouldBeAProblem(409);
        // Also where nothing of the higher one was stored.
        (await PutAsync($"{Queue}/a?producer=p&number=1&epoch=3")).Headers.ShouldContainKey("Burrow-Duplicate");
        (await PutAsync($"{Queue}/b?producer=p&number=2&epoch=2")).ShouldBeAProblem(409);
        (await PutAsync($"{Queue}/b?producer=p&number=2&epoch=3")).Status.ShouldBe(201);
        (await EpochAsync("p", 7)).Status.ShouldBe(200);
        (await EpochAsync("p", 6)).ShouldBeAProblem(409);
        (await PutAsync($"{Queue}/c?producer=p&number=3&epoch=6")).ShouldBeAProblem(409);
        (await PutAsync($"{Queue}/c?producer=p&number=3&epoch=7&previous=2")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task A_producer_is_shown_and_forgotten()
    {
        (await GetAsync(Producers)).ShouldBeAProblem(404);
        await PutAsync($"{Queue}/a?ttl=0&producer=one%2Fa&number=1");
        (await EpochAsync("two", 3)).Status.ShouldBe(201);

        var one = (await GetAsync($"{Producers}/one%2Fa")).Json;
        (one.GetProperty("name").GetString(), one.GetProperty("last").GetInt64(), one.GetProperty("epoch").GetInt64())
            .ShouldBe(("one/a", 1, 0));
        one.GetProperty("used").GetString().ShouldBe(Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"));
        (await GetAsync($"{Producers}/two")).Json.TryGetProperty("last", out _).ShouldBeFalse();
        (await GetAsync(Producers)).Json.EnumerateArray().Select(item => item.GetProperty("name").GetString()).ShouldBe(["one/a", "two"]);
        await DeleteAsync($"/v1.0/{Account}");
        (await PutAsync($"{Queue}/a?producer=one%2Fa&number=1")).Headers.ShouldContainKey("Burrow-Duplicate");

        (await DeleteAsync($"{Producers}/one%2Fa")).Json.GetProperty("last").GetInt64().ShouldBe(1);

        (await DeleteAsync($"{Producers}/one%2Fa")).ShouldBeAProblem(404);
        (await PutAsync($"{Queue}/a?producer=one%2Fa&number=1")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task It_is_remembered_for_30_days()
    {
        await PutAsync($"{Queue}/a?ttl=0&producer=p&number=1");
        Time.Advance(TimeSpan.FromDays(29));
        (await PutAsync($"{Queue}/a?producer=p&number=1")).Headers.ShouldContainKey("Burrow-Duplicate");
        (await PutAsync($"{Queue}/b?ttl=0&producer=p&number=2")).Status.ShouldBe(201);
        Time.Advance(TimeSpan.FromDays(29));
        (await PutAsync($"{Queue}/b?producer=p&number=2")).Headers.ShouldContainKey("Burrow-Duplicate");
        Time.Advance(TimeSpan.FromDays(3));

        (await GetAsync($"{Producers}/p")).ShouldBeAProblem(404);
        (await PutAsync($"{Queue}/b?producer=p&number=2")).Status.ShouldBe(200);
        (await GetAsync($"{Producers}/p")).Json.GetProperty("last").GetInt64().ShouldBe(2);
    }

    [Theory]
    [InlineData("producer=p", "number")]
    [InlineData("number=1", "number")]
    [InlineData("epoch=1", "epoch")]
    [InlineData("previous=1", "previous")]
    [InlineData("producer=&number=1", "producer")]
    [InlineData("producer=p&number=-1", "number")]
    [InlineData("producer=p&number=9223372036854775808", "number")]
    [InlineData("producer=p&number=1&epoch=x", "epoch")]
    [InlineData("producer=p&number=1&previous=1.0", "previous")]
    public async Task What_is_wrong_is_named(string query, string parameter)
    {
        (await PutAsync($"{Queue}/a?{query}")).ShouldRefuse(parameter);
        (await IdsAsync(Queue)).ShouldBeEmpty();
    }

    private static string Item(string id, long number) => $$"""{"id":"{{id}}","ttl":0,"number":{{number}}}""";

    private async Task<string[]> BatchAsync(string query, params string[] items)
    {
        var sending = SendAsync(
            "POST",
            $"/batch/{Account}/q?{query}",
            Encoding.ASCII.GetBytes(string.Join('\n', items)),
            ("Content-Type", "application/x-ndjson"));
        var answer = await Time.AdvanceUntilAsync(sending, TimeSpan.FromSeconds(0.25));
        return answer.Json.ValueKind == JsonValueKind.Object
            ? [$"{answer.Status}"]
            :
            [
                .. answer.Json.EnumerateArray().Select(item => item.GetProperty("status").GetInt32()
                    + (item.TryGetProperty("duplicate", out var duplicate) && duplicate.GetBoolean() ? " duplicate" : "")),
            ];
    }

    private Task<RawAnswer> EpochAsync(string name, long epoch) => SendAsync(
        "PUT", $"{Producers}/{name}", JsonSerializer.SerializeToUtf8Bytes(new { epoch }), ("Content-Type", "application/json"));
}

public sealed class MemoryProducerTests(MemoryServer server) : ProducerTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteProducerTests(SqliteServer server) : ProducerTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppProducerTests(FunctionAppServer server) : ProducerTests(server);

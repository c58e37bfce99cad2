using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Attributes as time passes: remaining seconds rounded up, expiry and reappearance at once (docs/reference/api.md).</summary>
public abstract class TimeTests(ServerFixture server) : ProtocolTests(server)
{
    private static readonly TimeSpan Tick = TimeSpan.FromTicks(1);

    [Fact]
    public async Task A_claim_hides_the_message_until_its_time()
    {
        await PutAllAsync(Queue, "a", "b", "c");
        await PostAsync($"{Queue}?limit=2&hide=30");

        (await IdsAsync(Queue, hidden: false)).ShouldBe(["c"]);
        Time.Advance(TimeSpan.FromSeconds(30) - Tick);
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["c"]);
        (await GetAsync($"{Queue}?match_hidden=true&limit=1")).ShouldBeJson("""[{"id":"a","ttl":0,"hide":1,"body":"a"}]""");
        Time.Advance(Tick);
        (await GetAsync($"{Queue}?detail=attributes"))
            .ShouldBeJson("""[{"id":"a","ttl":0,"hide":0},{"id":"b","ttl":0,"hide":0},{"id":"c","ttl":0,"hide":0}]""");
        // The message is back in its old place, for the next claim too.
        (await PostAsync($"{Queue}?limit=1&hide=30&detail=id")).ShouldBeJson("""["a"]""");
    }

    [Fact]
    public async Task What_remains_is_rounded_up_to_whole_seconds()
    {
        await PutAsync($"{Queue}/m?ttl=10&hide=5");

        await ShouldRemainAsync(10, 5);
        await ShouldRemainAsync(10, 5, Tick);
        await ShouldRemainAsync(9, 4, TimeSpan.FromSeconds(1) - Tick);
        await ShouldRemainAsync(9, 4, TimeSpan.FromSeconds(0.9));
        await ShouldRemainAsync(8, 3, TimeSpan.FromSeconds(0.1));
        await ShouldRemainAsync(6, 1, TimeSpan.FromSeconds(2));
        await ShouldRemainAsync(6, 1, TimeSpan.FromSeconds(1) - Tick);
        await ShouldRemainAsync(5, 0, Tick);
        await ShouldRemainAsync(1, 0, TimeSpan.FromSeconds(5) - Tick);
    }

    [Theory]
    [InlineData("?ttl=7", 7)]
    [InlineData("", 600)]
    [InlineData("?ttl=7&hide=60", 7)]
    public async Task An_expired_message_does_not_exist_for_any_request(string attributes, long seconds)
    {
        await PutAsync($"{Queue}/m{attributes}");
        Time.Advance(TimeSpan.FromSeconds(seconds) - Tick);
        (await GetAsync($"{Queue}/m")).Json.GetProperty("ttl").GetInt64().ShouldBe(1);

        Time.Advance(Tick);

        foreach (var method in new[] { "GET", "POST", "DELETE" })
        {
            (await SendAsync(method, $"{Queue}/m?hide=5")).Status.ShouldBe(404, method);
            (await SendAsync(method, $"{Queue}?match_hidden=true&hide=5")).Status.ShouldBe(404, method);
            (await SendAsync(method, $"{Queue}?limit=1&hide=5")).Status.ShouldBe(404, method);
        }

        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
        (await DeleteAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
        (await PutAsync($"{Queue}/m?ttl=0")).ShouldBeEmpty(201);
        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task An_expired_message_is_no_marker_and_leaves_its_place_when_it_is_put_again()
    {
        await PutAsync($"{Queue}/a?ttl=5");
        await PutAllAsync(Queue, "b", "c");
        (await GetAsync($"{Queue}?detail=id&marker=a")).ShouldBeJson("""["b","c"]""");
        Time.Advance(TimeSpan.FromSeconds(5));

        (await GetAsync($"{Queue}?detail=id")).ShouldBeJson("""["b","c"]""");
        (await PutAsync($"{Queue}/a?ttl=0")).ShouldBeEmpty(201);
        (await GetAsync($"{Queue}?detail=id")).ShouldBeJson("""["b","c","a"]""");
        (await GetAsync($"{Queue}?detail=id&marker=a")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_update_counts_from_when_it_was_made()
    {
        await PutAsync($"{Queue}/m?ttl=10");
        Time.Advance(TimeSpan.FromSeconds(9));
        await PostAsync($"{Queue}/m?ttl=10&hide=8");
        Time.Advance(TimeSpan.FromSeconds(7));
        await ShouldRemainAsync(3, 1);
        await PostAsync($"{Queue}/m?ttl=0");
        await ShouldRemainAsync(0, 1);
        Time.Advance(TimeSpan.FromDays(2));
        await ShouldRemainAsync(0, 0);
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task The_timer_changes_nothing_that_can_be_seen()
    {
        await PutAllAsync(Queue, "a", "b", "c", "d");
        await PostAsync($"{Queue}/b?hide=30");
        await PostAsync($"{Queue}/c?hide=300");
        await PutAsync($"{Queue}/e?ttl=30");

        for (var minute = 0; minute < 4; minute++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            (await IdsAsync(Queue, hidden: false)).ShouldBe(["a", "b", "d"]);
            (await IdsAsync(Queue)).ShouldBe(["a", "b", "c", "d"]);
        }

        Time.Advance(TimeSpan.FromMinutes(1));
        (await DeleteAsync($"{Queue}?detail=id")).ShouldBeJson("""["a","b","c","d"]""");
        for (var minute = 0; minute < 15; minute++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
        }

        await PutAllAsync(Queue, "c", "a");
        (await IdsAsync(Queue)).ShouldBe(["c", "a"]);
        (await GetAsync($"/v1.0/{Account}")).ShouldBeJson("""["q"]""");
    }

    private async Task ShouldRemainAsync(long ttl, long hide, TimeSpan later = default)
    {
        Time.Advance(later);
        (await GetAsync($"{Queue}/m?detail=attributes")).ShouldBeJson($$"""{"id":"m","ttl":{{ttl}},"hide":{{hide}}}""");
        (await GetAsync($"{Queue}?detail=attributes&match_hidden=true")).ShouldBeJson($$"""[{"id":"m","ttl":{{ttl}},"hide":{{hide}}}]""");
        (await IdsAsync(Queue, hidden: false)).Length.ShouldBe(hide == 0 ? 1 : 0);
    }
}

public sealed class MemoryTimeTests(MemoryServer server) : TimeTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteTimeTests(SqliteServer server) : TimeTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppTimeTests(FunctionAppServer server) : TimeTests(server);

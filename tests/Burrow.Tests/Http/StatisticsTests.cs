using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary><c>/stats</c> over HTTP.</summary>
public abstract class StatisticsTests(ServerFixture server) : ProtocolTests(server)
{
    [Fact]
    public async Task A_queue_and_its_account_show_how_they_stand()
    {
        await PutAllAsync(Queue, "1", "22", "333");
        await PutAsync($"{Queue}/4?ttl=0&hide=60");
        await PostAsync($"{Queue}?limit=1&hide=60");
        await DeleteAsync($"{Queue}/22");

        const string counts = """
            "messages":3,"visible":1,"hidden":2,"dead":0,"bytes":5,"oldestVisibleAge":0,"inserted":4,"claimed":1,"deleted":1,"expired":0
            """;
        const string exactness = """
            "exactness":{"counts":"approximate","visible":"approximate","hidden":"exact","oldestVisibleAge":"exact"}
            """;
        const string numbers = $"{counts},{exactness}";
        (await GetAsync($"/stats/{Account}/q")).ShouldBeJson($$"""{"queue":"q",{{numbers}}}""");
        (await GetAsync($"/stats/{Account}")).ShouldBeJson(
            $$"""{"account":"{{Account}}","queueCount":1,{{numbers}},"queues":[{"queue":"q",{{numbers}}}]}""");
        (await SendAsync("HEAD", $"/stats/{Account}/q")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Until_empty_waits_until_the_queue_holds_nothing_but_dead_messages()
    {
        await PutAllAsync(Queue, "visible", "hidden", "dead");
        await PostAsync($"{Queue}/hidden?hide=900");
        await PostAsync($"{Queue}/dead?outcome=dead", ("If-Match", (await GetAsync($"{Queue}/dead")).ETag!));
        await using var waiter = await ConnectAsync();
        Time.Watch();
        var answer = waiter.SendAsync("GET", $"/stats/{Account}/q?until=empty&wait=20");
        await Time.BegunAsync(TimeSpan.FromSeconds(20));

        await DeleteAsync($"{Queue}/visible");
        Time.Advance(TimeSpan.FromSeconds(2));
        await DeleteAsync($"{Queue}/hidden");

        var empty = (await Time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(0.25))).Json;
        (empty.GetProperty("messages").GetInt64(), empty.GetProperty("dead").GetInt64()).ShouldBe((0, 1));
    }

    [Fact]
    public async Task Until_empty_answers_at_once_where_nothing_is_and_in_time_where_something_stays()
    {
        var missing = await GetAsync($"/stats/{Account}/q?until=empty&wait=20");
        (missing.Status, missing.Json.GetProperty("messages").GetInt64()).ShouldBe((200, 0));
        await PutAllAsync(Queue, "m");
        (await GetAsync($"/stats/{Account}/q?until=empty")).Json.GetProperty("messages").GetInt64().ShouldBe(1);
        await using var waiter = await ConnectAsync();
        Time.Watch();
        var answer = waiter.SendAsync("GET", $"/stats/{Account}/q?until=empty&wait=5");
        await Time.BegunAsync(TimeSpan.FromSeconds(5));

        // The clock may pass the moment at which counts are written: a statistic that is read meanwhile may count the message twice.
        (await Time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(0.25))).Json.GetProperty("messages").GetInt64().ShouldBeInRange(1, 2);

        (await GetAsync($"/stats/{Account}/q?until=full")).ShouldRefuse("until");
    }

    [Fact]
    public async Task Where_nothing_is_visible_nothing_is_old()
    {
        await PutAsync($"{Queue}/1?ttl=0&hide=60");
        var answer = await GetAsync($"/stats/{Account}/q");
        answer.Text.ShouldContain("\"oldestVisibleAge\":null,");
    }

    [Fact]
    public async Task Queues_are_shown_by_pages()
    {
        foreach (var name in (string[])["a", "b", "c%2Fd"])
            await PutAsync($"/v1.0/{Account}/{name}/1?ttl=0");
        var first = await GetAsync($"/stats/{Account}?limit=2");
        first.Headers["Burrow-More"].ShouldBe("true");
        Names(first).ShouldBe(["a", "b"]);
        var rest = await GetAsync($"/stats/{Account}?limit=2&marker=b");
        rest.Headers.Keys.ShouldNotContain("Burrow-More");
        Names(rest).ShouldBe(["c/d"]);
        (await GetAsync($"/stats/{Account}/c%2Fd")).Json.GetProperty("queue").GetString().ShouldBe("c/d");

        static IEnumerable<string?> Names(RawAnswer answer) =>
            answer.Json.GetProperty("queues").EnumerateArray().Select(queue => queue.GetProperty("queue").GetString());
    }

    [Fact]
    public async Task What_is_not_there_and_what_makes_no_sense_is_refused()
    {
        (await GetAsync($"/stats/{Account}")).ShouldBeAProblem(404);
        (await GetAsync($"/stats/{Account}/q")).ShouldBeAProblem(404);
        (await GetAsync("/stats")).Status.ShouldBe(404);
        (await GetAsync($"/stats/{Account}/q/1")).Status.ShouldBe(404);
        (await GetAsync($"/stats/{Account}?limit=all")).ShouldRefuse("limit");
        (await GetAsync($"/stats/{Account}/q", ("If-Match", "*"))).ShouldRefuse("If-Match");
        (await GetAsync($"/stats/{Account}/%2e%2e")).Status.ShouldBe(IsBehindHost ? 404 : 400);
        (await DeleteAsync($"/stats/{Account}/q")).Headers["Allow"].ShouldBe("GET, HEAD");
    }
}

public sealed class MemoryStatisticsTests(MemoryServer server) : StatisticsTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteStatisticsTests(SqliteServer server) : StatisticsTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppStatisticsTests(FunctionAppServer server) : StatisticsTests(server);

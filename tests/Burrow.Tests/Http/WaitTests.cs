using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary><c>wait</c>. No test depends on how long anything takes: the clock stands still unless a test moves it.</summary>
public abstract class WaitTests(ServerFixture server) : ProtocolTests(server)
{
    /// <summary>Requests that wait: a method and a query.</summary>
    public static TheoryData<string, string> Waiting => new()
    {
        { "GET", "" },
        { "GET", "&marker=none" },
        { "POST", "&limit=1&hide=60" },
        { "POST", "&ttl=60" },
        { "POST", "" },
        { "DELETE", "&limit=1" },
        { "DELETE", "" },
    };

    [Theory]
    [MemberData(nameof(Waiting))]
    public async Task What_is_there_is_answered_at_once(string method, string query)
    {
        await PutAllAsync(Queue, "m");

        (await SendAsync(method, $"{Queue}?wait=20&detail=id{query}")).ShouldBeJson("""["m"]""");
    }

    [Theory]
    [MemberData(nameof(Waiting))]
    public async Task A_put_on_another_connection_wakes_who_waits(string method, string query)
    {
        await using var waiter = await ConnectAsync();
        var answer = await BeginAsync(waiter, method, $"{Queue}?detail=id{query}", 20);

        await PutAllAsync(Queue, "m");

        (await answer).ShouldBeJson("""["m"]""");
    }

    [Theory]
    [MemberData(nameof(Waiting))]
    public async Task A_message_made_visible_wakes_who_waits(string method, string query)
    {
        await PutAsync($"{Queue}/m?hide=900&ttl=0");
        await using var waiter = await ConnectAsync();
        var answer = await BeginAsync(waiter, method, $"{Queue}?detail=id{query}", 20);

        await PostAsync($"{Queue}/m?hide=0");

        (await answer).ShouldBeJson("""["m"]""");
    }

    [Theory]
    [MemberData(nameof(Waiting))]
    public async Task Without_a_match_the_answer_is_404_after_the_time_asked_for(string method, string query)
    {
        await using var waiter = await ConnectAsync();
        var begun = Time.GetUtcNow();
        var answer = await BeginAsync(waiter, method, $"{Queue}?detail=id{query}", 5);

        (await Time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(0.25))).ShouldBeAProblem(404);

        (Time.GetUtcNow() - begun).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5));
        await PutAllAsync(Queue, "m");
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task A_hidden_message_is_had_when_its_time_comes(string method)
    {
        await PutAsync($"{Queue}/m?hide=3&ttl=0");
        var begun = Time.GetUtcNow();
        await using var waiter = await ConnectAsync();
        var answer = await BeginAsync(waiter, method, $"{Queue}?detail=id&hide=60&limit=1", 90);

        (await Time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(0.1))).ShouldBeJson("""["m"]""");

        (Time.GetUtcNow() - begun).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_reader_waits_for_what_comes_after_its_marker()
    {
        await PutAllAsync(Queue, "a", "b");
        var after = (await GetAsync(Queue)).Marker;
        await using var waiter = await ConnectAsync();
        await using var another = await ConnectAsync();
        var answer = await BeginAsync(waiter, "GET", $"{Queue}?detail=id&marker=b", 21);
        var other = await BeginAsync(another, "GET", $"{Queue}?detail=id&after={after}", 22);

        await PutAsync($"{Queue}/a?ttl=0");
        await PutAllAsync(Queue, "c");

        (await answer).ShouldBeJson("""["c"]""");
        (await other).ShouldBeJson("""["c"]""");
    }

    [Fact]
    public async Task One_put_is_had_by_one_of_many_who_claim()
    {
        var waiters = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ConnectAsync()));
        var answers = new List<Task<RawAnswer>>();
        for (var i = 0; i < waiters.Length; i++)
            answers.Add(await BeginAsync(waiters[i], "POST", $"{Queue}?detail=id&limit=1&hide=900", 30 + i));

        await PutAllAsync(Queue, "a", "b", "c");
        for (var i = 0; i < 3; i++)
        {
            var first = await Task.WhenAny(answers);
            answers.Remove(first);
            (await first).Strings.Length.ShouldBe(1);
        }

        (await Time.AdvanceUntilAsync(answers.Single(), TimeSpan.FromSeconds(1))).Status.ShouldBe(404);
        (await IdsAsync(Queue, hidden: false)).ShouldBeEmpty();
        foreach (var waiter in waiters)
            await waiter.DisposeAsync();
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("POST", "&limit=1&hide=60")]
    [InlineData("POST", "&hide=60")]
    [InlineData("DELETE", "&limit=1")]
    [InlineData("DELETE", "")]
    public async Task Who_disconnects_is_released_and_takes_nothing(string method, string query)
    {
        var waiter = await ConnectAsync();
        var wait = TimeSpan.FromSeconds(40);
        await BeginAsync(waiter, method, $"{Queue}?detail=id{query}", 40);

        await waiter.DisposeAsync();

        // The clock stands still, so only the disconnection ends the wait.
        await Time.EndedAsync(wait);
        await PutAllAsync(Queue, "m");
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
        (await DeleteAsync($"{Queue}?detail=id")).ShouldBeJson("""["m"]""");
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\nhide=60")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    public async Task Who_sent_a_body_and_disconnects_takes_nothing(string rest)
    {
        var waiter = await ConnectAsync();
        var wait = TimeSpan.FromSeconds(41);
        Time.Watch();
        await waiter.SendBytesAsync(
            Encoding.ASCII.GetBytes($"POST {Queue}?limit=1&hide=60&wait=41 HTTP/1.1\r\nHost: {new Uri(Origin).Authority}\r\n{rest}"));
        await Time.BegunAsync(wait);

        await waiter.DisposeAsync();

        await Time.EndedAsync(wait);
        await PutAllAsync(Queue, "m");
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
    }

    [Fact]
    public async Task At_most_100_seconds_are_waited()
    {
        await using var waiter = await ConnectAsync();
        var begun = Time.GetUtcNow();
        Time.Watch();
        var answer = waiter.SendAsync("GET", $"{Queue}?wait=86400");
        await Time.BegunAsync(TimeSpan.FromSeconds(100));

        (await Time.AdvanceUntilAsync(answer, TimeSpan.FromSeconds(1))).ShouldBeAProblem(404);

        (Time.GetUtcNow() - begun).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(100));
    }

    [Fact]
    public async Task Requests_on_names_and_on_one_message_do_not_wait()
    {
        (await GetAsync("/v1.0/none?wait=20")).Status.ShouldBe(404);
        (await GetAsync($"{Queue}/m?wait=20")).Status.ShouldBe(404);
        (await PostAsync($"{Queue}/m?wait=20&hide=5")).Status.ShouldBe(404);
        (await DeleteAsync($"{Queue}/m?wait=20")).Status.ShouldBe(404);
        (await GetAsync($"{Queue}?wait=0")).Status.ShouldBe(404);
    }

    /// <summary>Sends a request, and returns as soon as the server waits.</summary>
    private async Task<Task<RawAnswer>> BeginAsync(RawHttp http, string method, string target, int seconds)
    {
        Time.Watch();
        var answer = http.SendAsync(method, $"{target}&wait={seconds}");
        await Time.BegunAsync(TimeSpan.FromSeconds(seconds));
        return answer;
    }
}

public sealed class MemoryWaitTests(MemoryServer server) : WaitTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteWaitTests(SqliteServer server) : WaitTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppWaitTests(FunctionAppServer server) : WaitTests(server);

using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Policies (docs/reference/api.md, "Policies").</summary>
public abstract class PolicyTests(ServerFixture server) : ProtocolTests(server)
{
    private const string Defaults =
        "\"deadTtl\":1209600,\"retryDelays\":[],\"maxMessages\":0,\"groupConcurrency\":1,\"groupOnDead\":\"continue\",\"paused\":false";

    private string Policies => $"/policies/{Account}";

    [Fact]
    public async Task A_policy_is_made_shown_replaced_and_deleted()
    {
        var made = await PolicyAsync("orders", """{"queues":"orders-*"}""");
        made.Status.ShouldBe(201);
        made.Text.ShouldBe($$"""{"name":"orders","queues":"orders-*",{{Defaults}}}""");
        var all = await PolicyAsync(
            "orders",
            """
            {
              "queues": "orders-*", "ttl": 600, "hide": 1, "maxDeliveries": 5, "deadTtl": 0, "retryDelays": [10, 60, 300],
              "maxMessages": 7, "groupConcurrency": 2, "groupOnDead": "halt", "paused": true
            }
            """);

        all.Status.ShouldBe(200);
        all.ShouldBeJson(
            """
            {"name":"orders","queues":"orders-*","ttl":600,"hide":1,"maxDeliveries":5,"deadTtl":0,"retryDelays":[10,60,300],
            "maxMessages":7,"groupConcurrency":2,"groupOnDead":"halt","paused":true}
            """.Replace("\n", "", StringComparison.Ordinal));
        (await GetAsync($"{Policies}/orders")).Text.ShouldBe(all.Text);
        (await GetAsync(Policies)).Text.ShouldBe($"[{all.Text}]");
        (await DeleteAsync($"{Policies}/orders")).Text.ShouldBe(all.Text);
        foreach (var method in (string[])["GET", "HEAD", "DELETE"])
            (await SendAsync(method, $"{Policies}/orders")).Status.ShouldBe(404);
        (await GetAsync(Policies)).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task The_longest_match_holds_alone_and_a_full_name_before_a_pattern()
    {
        await PolicyAsync("all", """{"queues":"*","ttl":1,"hide":1}""");
        await PolicyAsync("some", """{"queues":"q*","ttl":2}""");
        await PolicyAsync("more", """{"queues":"qu*","ttl":3}""");
        await PolicyAsync("one", """{"queues":"q","ttl":4}""");

        foreach (var (queue, name) in ((string, string)[])[("x", "all"), ("q1", "some"), ("queue", "more"), ("q", "one")])
            (await GetAsync($"{Policies}?queue={queue}")).Json.GetProperty("name").GetString().ShouldBe(name);
        await PutAsync($"{Queue}/m");
        (await GetAsync($"{Queue}/m")).ShouldBeJson("""{"id":"m","ttl":4,"hide":0,"body":"x"}""");
        await DeleteAsync($"{Policies}/one");
        (await GetAsync($"{Policies}?queue=q")).Json.GetProperty("name").GetString().ShouldBe("some");
        (await GetAsync($"{Policies}?queue=")).ShouldRefuse("queue");
        (await GetAsync(Policies)).Json.EnumerateArray().Select(policy => policy.GetProperty("name").GetString())
            .ShouldBe(["all", "more", "some"]);
        await DeleteAsync($"{Policies}/all");
        (await GetAsync($"{Policies}?queue=x")).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task A_second_policy_for_the_same_queues_is_409()
    {
        await PolicyAsync("one", """{"queues":"q*"}""");
        await PolicyAsync("two", """{"queues":"q"}""");

        var answer = await PolicyAsync("three", """{"queues":"q*"}""");

        answer.ShouldBeAProblem(409);
        answer.Text.ShouldContain("'one'");
        (await PolicyAsync("two", """{"queues":"q*"}""")).ShouldBeAProblem(409);
        (await PolicyAsync("one", """{"queues":"r*"}""")).Status.ShouldBe(200);
        (await PolicyAsync("two", """{"queues":"q*"}""")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("""{}""", "queues")]
    [InlineData("""{"queues":""}""", "queues")]
    [InlineData("""{"queues":7}""", "queues")]
    [InlineData("""{"queues":"q","ttl":-1}""", "ttl")]
    [InlineData("""{"queues":"q","ttl":3153600001}""", "ttl")]
    [InlineData("""{"queues":"q","hide":0.5}""", "hide")]
    [InlineData("""{"queues":"q","maxDeliveries":0}""", "maxDeliveries")]
    [InlineData("""{"queues":"q","maxDeliveries":1001}""", "maxDeliveries")]
    [InlineData("""{"queues":"q","maxDeliveries":"5"}""", "maxDeliveries")]
    [InlineData("""{"queues":"q","deadTtl":3153600001}""", "deadTtl")]
    [InlineData("""{"queues":"q","retryDelays":10}""", "retryDelays")]
    [InlineData("""{"queues":"q","retryDelays":[10,-1]}""", "retryDelays")]
    [InlineData("""{"queues":"q","retryDelays":[null]}""", "retryDelays")]
    [InlineData(
        """{"queues":"q","retryDelays":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}""", "retryDelays")]
    [InlineData("""{"queues":"q","maxMessages":-1}""", "maxMessages")]
    [InlineData("""{"queues":"q","groupConcurrency":0}""", "groupConcurrency")]
    [InlineData("""{"queues":"q","groupOnDead":"stop"}""", "groupOnDead")]
    [InlineData("""{"queues":"q","paused":1}""", "paused")]
    [InlineData("""{"queues":"q","paused":"true"}""", "paused")]
    [InlineData("""{"queues":"q","name":"policy"}""", "body")]
    [InlineData("""{"queues":"q","ttl":1,"ttl":2}""", "ttl")]
    [InlineData("""[]""", "body")]
    [InlineData("""queues=q""", "body")]
    public async Task A_bad_policy_is_refused_by_name(string policy, string parameter)
    {
        (await PolicyAsync("policy", policy)).ShouldRefuse(parameter);
        (await GetAsync(Policies)).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("Orders")]
    [InlineData("a_b")]
    [InlineData("a%20b")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task A_bad_name_is_refused(string name) => (await PolicyAsync(name, """{"queues":"q"}""")).ShouldRefuse("name");

    [Fact]
    public async Task The_edges_are_allowed()
    {
        (await PolicyAsync(
            new string('a', 64),
            """
            {
              "queues":"*","ttl":3153600000,"hide":3153600000,"maxDeliveries":1000,"deadTtl":3153600000,"retryDelays":[0,3153600000],
              "maxMessages":1000000000000,"groupConcurrency":1000
            }
            """)).Status.ShouldBe(201);
        (await PolicyAsync("-", """{"queues":"q","ttl":null,"maxDeliveries":1,"retryDelays":null}""")).Status.ShouldBe(201);
    }

    [Theory]
    [InlineData("GET", "limit=abc", "limit")]
    [InlineData("PUT", "outcome=done", "outcome")]
    [InlineData("DELETE", "cause=x", "cause")]
    public async Task A_bad_parameter_is_refused_and_changes_nothing(string method, string query, string parameter)
    {
        await PolicyAsync("policy", """{"queues":"q"}""");

        (await SendAsync(
            method, $"{Policies}/policy?{query}", method == "PUT" ? """{"queues":"r"}"""u8.ToArray() : null)).ShouldRefuse(parameter);

        (await GetAsync($"{Policies}/policy")).Json.GetProperty("queues").GetString().ShouldBe("q");
        (await GetAsync($"{Policies}?{query}")).ShouldRefuse(parameter);
    }

    [Fact]
    public async Task An_account_has_at_most_100_policies()
    {
        for (var i = 0; i < 100; i++)
            (await PolicyAsync($"p{i}", $$"""{"queues":"q{{i}}"}""")).Status.ShouldBe(201);

        (await PolicyAsync("more", """{"queues":"more"}""")).ShouldBeAProblem(507);

        (await PolicyAsync("p7", """{"queues":"more"}""")).Status.ShouldBe(200);
        (await GetAsync(Policies)).Json.GetArrayLength().ShouldBe(100);
    }

    [Fact]
    public async Task Ttl_and_hide_are_the_defaults_of_a_put_single_and_in_batches()
    {
        await PolicyAsync("policy", """{"queues":"q","ttl":50,"hide":9}""");

        await PutAsync($"{Queue}/a", "a");
        await PutAsync($"{Queue}/b?ttl=0&hide=0", "b");
        await BatchAsync("""[{"id":"c","body":"c"},{"id":"d","body":"d","ttl":7}]""");

        (await GetAsync($"{Queue}?match_hidden=true")).ShouldBeJson(
            """
            [{"id":"a","ttl":50,"hide":9,"body":"a"},{"id":"b","ttl":0,"hide":0,"body":"b"},
            {"id":"c","ttl":50,"hide":9,"body":"c"},{"id":"d","ttl":7,"hide":9,"body":"d"}]
            """.Replace("\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Retry_delays_go_by_the_delivery_and_the_last_one_repeats()
    {
        await PolicyAsync("policy", """{"queues":"q","retryDelays":[10,0,30]}""");
        await PutAsync($"{Queue}/m?ttl=0");
        var delays = new List<long>();
        for (var delivery = 1; delivery <= 4; delivery++)
        {
            var etag = (await PostAsync($"{Queue}?limit=1&hide=60&detail=full")).Json[0].GetProperty("etag").GetString()!;
            var failed = await PostAsync($"{Queue}/m?outcome=failed&detail=attributes", ("If-Match", etag));
            delays.Add(failed.Json.GetProperty("hide").GetInt64());
            Time.Advance(TimeSpan.FromSeconds(delays[^1]));
        }

        delays.ShouldBe([10, 0, 30, 30]);
    }

    [Fact]
    public async Task MaxMessages_is_exact_in_one_process_and_replaces_need_no_room()
    {
        await PolicyAsync("policy", """{"queues":"q","maxMessages":3}""");
        await PutAllAsync(Queue, "a", "b", "c");
        var etag = (await GetAsync($"{Queue}/a")).ETag!;
        (await PostAsync($"{Queue}/a?outcome=dead", ("If-Match", etag))).Status.ShouldBe(200);

        var full = await PutAsync($"{Queue}/d");

        full.ShouldBeAProblem(507);
        full.Text.ShouldContain("3");
        (await PutAsync($"{Queue}/b")).Status.ShouldBe(200);
        // A dead message counts, and comes back by a put of its id.
        (await PutAsync($"{Queue}/a")).Status.ShouldBe(200);
        (await BatchAsync("""[{"id":"d"},{"id":"b"},{"op":"delete","id":"c"},{"id":"d"},{"id":"e"}]""")).Json.EnumerateArray()
            .Select(item => item.GetProperty("status").GetInt32()).ShouldBe([507, 200, 200, 201, 507]);
    }

    [Fact]
    public async Task Of_many_puts_at_once_as_many_are_stored_as_may_be()
    {
        await PolicyAsync("policy", """{"queues":"q","maxMessages":40}""");
        var items = string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"id":"{{i}}"}"""));

        var answer = await BatchAsync($"[{items}]");

        answer.Json.EnumerateArray().Count(item => item.GetProperty("status").GetInt32() == 201).ShouldBe(40);
        (await IdsAsync(Queue)).ShouldBe(Enumerable.Range(0, 40).Select(i => $"{i}"));
    }

    [Theory]
    [InlineData("POST", "?limit=1&hide=60&detail=id")]
    [InlineData("POST", "?hide=60&detail=id")]
    [InlineData("DELETE", "?limit=1&detail=id")]
    [InlineData("DELETE", "?detail=id")]
    public async Task Paused_claims_and_takes_find_nothing_until_it_is_over(string method, string query)
    {
        await PolicyAsync("policy", """{"queues":"q","paused":true}""");
        await PutAllAsync(Queue, "m");

        var paused = await SendAsync(method, Queue + query);

        paused.ShouldBeAProblem(404);
        paused.Headers["Burrow-Paused"].ShouldBe("true");
        (await GetAsync($"{Queue}?detail=id")).Strings.ShouldBe(["m"]);
        await PolicyAsync("policy", """{"queues":"q"}""");
        (await SendAsync(method, Queue + query)).Strings.ShouldBe(["m"]);
        (await SendAsync(method, $"/v1.0/{Account}/empty{query}")).Headers.ShouldNotContainKey("Burrow-Paused");
    }

    [Fact]
    public async Task Paused_everything_else_works()
    {
        await PolicyAsync("policy", """{"queues":"q","paused":true}""");
        await PutAllAsync(Queue, "m", "n");

        (await PostAsync($"{Queue}?ttl=60")).Status.ShouldBe(200);
        (await PostAsync($"{Queue}/m?hide=60")).Status.ShouldBe(200);
        (await PostAsync($"{Queue}?match_hidden=true&hide=0")).Status.ShouldBe(200);
        (await DeleteAsync($"{Queue}/m?detail=all")).Status.ShouldBe(200);
        (await DeleteAsync($"{Queue}?limit=1")).Status.ShouldBe(200);
        (await GetAsync(Queue)).Headers.ShouldNotContainKey("Burrow-Paused");
    }

    [Fact]
    public async Task Who_waits_on_a_paused_queue_goes_on_waiting_and_is_served_when_it_is_over()
    {
        await PolicyAsync("policy", """{"queues":"q","paused":true}""");
        await PutAllAsync(Queue, "m");
        await using var worker = await ConnectAsync();
        var claim = worker.SendAsync("POST", $"{Queue}?limit=1&hide=60&detail=id&wait=60");
        for (var i = 0; i < 20; i++)
        {
            // Another request is answered meanwhile, and the message is still there.
            Time.Advance(TimeSpan.FromSeconds(1));
            (await IdsAsync(Queue, hidden: false)).ShouldBe(["m"]);
        }

        claim.IsCompleted.ShouldBeFalse();

        await DeleteAsync($"{Policies}/policy");

        (await Time.AdvanceUntilAsync(claim, TimeSpan.FromSeconds(0.5))).Strings.ShouldBe(["m"]);
    }

    private Task<RawAnswer> PolicyAsync(string name, string policy) =>
        SendAsync("PUT", $"{Policies}/{name}", Encoding.UTF8.GetBytes(policy));

    private Task<RawAnswer> BatchAsync(string items) => SendAsync(
        "POST", $"/batch/{Account}/q", Encoding.UTF8.GetBytes(items), ("Content-Type", "application/json"));
}

public sealed class MemoryPolicyTests(MemoryServer server) : PolicyTests(server), IClassFixture<MemoryServer>;

public sealed class SqlitePolicyTests(SqliteServer server) : PolicyTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppPolicyTests(FunctionAppServer server) : PolicyTests(server);

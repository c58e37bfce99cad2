using System.Text;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Groups: order per key (docs/reference/api.md, "Groups").</summary>
public abstract class GroupTests(ServerFixture server) : ProtocolTests(server)
{
    private string Groups => $"/groups/{Account}/q";

    [Fact]
    public async Task Of_a_group_one_message_is_handed_out_at_a_time_in_order_and_the_others_are_not_held_back()
    {
        await PutGroupAsync("g", "1", "2", "3");
        await PutGroupAsync("h", "a", "b");
        await PutAllAsync(Queue, "x", "y");

        (await ClaimIdsAsync()).ShouldBe(["1", "a", "x", "y"]);
        (await ClaimIdsAsync()).ShouldBeEmpty();
        await DeleteAsync($"{Queue}/1");
        (await ClaimIdsAsync()).ShouldBe(["2"]);
        await DeleteAsync($"{Queue}/a");
        await DeleteAsync($"{Queue}/2");
        (await DeleteAsync($"{Queue}?limit=10&detail=id")).Strings.ShouldBe(["3", "b"]);
        (await GetAsync(Groups)).Status.ShouldBe(404);
        // Now nothing of the group is there, so a new message does not wait.
        await PutGroupAsync("g", "4");
        (await ClaimIdsAsync()).ShouldBe(["4"]);
    }

    [Fact]
    public async Task A_released_message_comes_again_before_those_behind_it_and_one_that_failed_holds_them_back()
    {
        await PutGroupAsync("g", "1", "2");
        await ClaimIdsAsync();
        await PostAsync($"{Queue}/1?hide=0");
        (await ClaimIdsAsync()).ShouldBe(["1"]);
        var receipt = (await GetAsync($"{Queue}/1")).ETag!;
        (await PostAsync($"{Queue}/1?outcome=failed&hide=30", ("If-Match", receipt))).Status.ShouldBe(200);

        (await ClaimIdsAsync()).ShouldBeEmpty();
        Time.Advance(TimeSpan.FromSeconds(30));
        (await ClaimIdsAsync()).ShouldBe(["1"]);
        (await PostAsync($"{Queue}/1?outcome=done", ("If-Match", (await GetAsync($"{Queue}/1")).ETag!))).Status.ShouldBe(200);
        (await ClaimIdsAsync()).ShouldBe(["2"]);
    }

    [Fact]
    public async Task A_delayed_message_at_the_front_holds_its_group_back()
    {
        (await PutAsync($"{Queue}/1?ttl=0&hide=60&group=g")).Status.ShouldBe(201);
        await PutGroupAsync("g", "2");
        await PutGroupAsync("h", "a");

        (await ClaimIdsAsync()).ShouldBe(["a"]);
        (await IdsAsync(Queue, hidden: false)).ShouldBe(["2"]);
        Time.Advance(TimeSpan.FromSeconds(60));
        (await ClaimIdsAsync()).ShouldBe(["1", "a"]);
        // The delay of one that waits counts from its put.
        (await PutAsync($"{Queue}/3?ttl=0&hide=60&group=h")).Status.ShouldBe(201);
        await DeleteAsync($"{Queue}/a");
        (await ClaimIdsAsync()).ShouldBeEmpty();
        Time.Advance(TimeSpan.FromSeconds(60));
        (await ClaimIdsAsync()).ShouldContain("3");
    }

    [Fact]
    public async Task Lists_and_readers_see_those_that_wait_and_so_do_changes_that_hand_nothing_out()
    {
        await PutGroupAsync("g", "1", "2", "3");
        await PutAllAsync(Queue, "x");
        await PutGroupAsync("g", "4");

        (await IdsAsync(Queue)).ShouldBe(["1", "2", "3", "x", "4"]);
        (await GetAsync($"{Queue}?detail=id&marker=2&limit=2")).Strings.ShouldBe(["3", "x"]);
        (await GetAsync($"{Queue}/3?detail=full")).Json.GetProperty("group").GetString().ShouldBe("g");
        (await GetAsync($"{Queue}/x?detail=full")).Json.TryGetProperty("group", out _).ShouldBeFalse();
        (await PostAsync($"{Queue}?ttl=500&detail=id")).Strings.ShouldBe(["1", "2", "3", "x", "4"]);
        (await PostAsync($"{Queue}?hide=5&marker=1&detail=id")).Strings.ShouldBe(["x"]);
        (await PostAsync($"{Queue}?hide=5&match_hidden=true&detail=id")).Strings.ShouldBe(["1", "x"]);
        (await DeleteAsync($"{Queue}?marker=2&limit=1&match_hidden=true")).Status.ShouldBe(200);
        (await IdsAsync(Queue)).ShouldBe(["1", "2", "x", "4"]);
        (await DeleteAsync($"{Queue}?limit=1")).Status.ShouldBe(200);
        // The first one that is not hidden, though it waits.
        (await IdsAsync(Queue)).ShouldBe(["1", "x", "4"]);
        (await DeleteAsync(Queue)).Status.ShouldBe(200);
        (await DeleteAsync($"{Queue}?match_hidden=true")).Status.ShouldBe(200);
        (await GetAsync(Queue)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Its_messages_are_made_ready_in_order_whatever_their_priority()
    {
        await PutAsync($"{Queue}/low?ttl=0&group=g&priority=1");
        await PutAsync($"{Queue}/high?ttl=0&group=g&priority=9");
        await PutAsync($"{Queue}/other?ttl=0");

        (await ClaimIdsAsync()).ShouldBe(["other", "low"]);
        await DeleteAsync($"{Queue}/low");
        (await ClaimIdsAsync()).ShouldBe(["high"]);
    }

    [Fact]
    public async Task The_policy_says_how_many_are_handed_out_at_a_time()
    {
        await PolicyAsync("""{"queues":"q","groupConcurrency":2}""");
        await PutGroupAsync("g", "1", "2", "3", "4");

        (await ClaimIdsAsync()).ShouldBe(["1", "2"]);
        await DeleteAsync($"{Queue}/2");
        (await ClaimIdsAsync()).ShouldBe(["3"]);
        (await GetAsync(Groups)).Text.ShouldBe("""[{"group":"g","ready":2,"waiting":1,"held":0,"dead":[]}]""");
    }

    [Fact]
    public async Task When_the_policy_allows_more_more_are_handed_out_within_seconds()
    {
        await PutGroupAsync("g", [.. Enumerable.Range(0, 12).Select(i => $"{i:d2}")]);
        (await ClaimIdsAsync()).ShouldBe(["00"]);
        await PolicyAsync("""{"queues":"q","groupConcurrency":10}""");
        await using var waiter = await ConnectAsync();

        var ids = new List<string> { "00" };
        while (ids.Count < 10)
        {
            var claim = waiter.SendAsync("POST", $"{Queue}?limit=10&hide=3600&wait=60&detail=id");
            ids.AddRange((await Time.AdvanceUntilAsync(claim, TimeSpan.FromSeconds(0.25))).Strings);
        }

        ids.ShouldBe(Enumerable.Range(0, 10).Select(i => $"{i:d2}"));
        (await GetAsync(Groups)).Text.ShouldBe("""[{"group":"g","ready":10,"waiting":2,"held":0,"dead":[]}]""");
        // When it allows less, those that are out stay out.
        await PolicyAsync("""{"queues":"q","groupConcurrency":1}""");
        await DeleteAsync($"{Queue}/00");
        (await ClaimIdsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_dead_message_lets_its_group_go_on_unless_the_policy_halts_it()
    {
        await PutGroupAsync("g", "1", "2");
        await KillAsync("1");
        (await ClaimIdsAsync()).ShouldBe(["2"]);
        await DeleteAsync($"/dead/{Account}/q");
        await DeleteAsync($"{Queue}/2");
        await PolicyAsync("""{"queues":"q","groupOnDead":"halt"}""");
        await PutGroupAsync("g", "3", "4", "5", "6");

        await KillAsync("3");

        (await ClaimIdsAsync()).ShouldBeEmpty();
        (await GetAsync(Groups)).Text.ShouldBe("""[{"group":"g","ready":0,"waiting":3,"held":1,"dead":["3"]}]""");
        // Redriven, it is in its old place.
        (await PostAsync($"/dead/{Account}/q/3")).Status.ShouldBe(200);
        (await ClaimIdsAsync()).ShouldBe(["3"]);
        await KillAsync("3");
        (await DeleteAsync($"/dead/{Account}/q/3")).Status.ShouldBe(200);
        (await ClaimIdsAsync()).ShouldBe(["4"]);
        await KillAsync("4");
        (await PutAsync($"{Queue}/4?ttl=0", "anew")).Status.ShouldBe(200);
        (await ClaimIdsAsync()).ShouldBe(["4"]);
        (await GetAsync($"{Queue}/4?detail=full")).Json.GetProperty("group").GetString().ShouldBe("g");
        await KillAsync("4");
        (await PostAsync($"/dead/{Account}/q")).Status.ShouldBe(200);
        (await ClaimIdsAsync()).ShouldBe(["4"]);
        await KillAsync("4");
        // While one holds the group, what is put waits.
        await PutGroupAsync("g", "7");
        (await ClaimIdsAsync()).ShouldBeEmpty();
        // A late worker, with its last receipt or none, frees it too.
        await DeleteAsync($"{Queue}/4");
        (await ClaimIdsAsync()).ShouldBe(["5"]);
    }

    [Fact]
    public async Task A_message_redriven_behind_others_takes_its_turn_by_its_old_place()
    {
        await PutGroupAsync("g", "1", "2", "3");
        await KillAsync("1");
        (await ClaimIdsAsync()).ShouldBe(["2"]);

        (await PostAsync($"/dead/{Account}/q/1")).Status.ShouldBe(200);

        (await ClaimIdsAsync()).ShouldBeEmpty();
        (await IdsAsync(Queue)).ShouldBe(["1", "2", "3"]);
        await DeleteAsync($"{Queue}/2");
        (await ClaimIdsAsync()).ShouldBe(["1"]);
        await DeleteAsync($"{Queue}/1");
        (await ClaimIdsAsync()).ShouldBe(["3"]);
    }

    [Fact]
    public async Task When_the_policy_halts_no_more_the_group_goes_on_within_seconds()
    {
        await PolicyAsync("""{"queues":"q","groupOnDead":"halt"}""");
        await PutGroupAsync("g", "1", "2");
        await KillAsync("1");
        (await ClaimIdsAsync()).ShouldBeEmpty();

        await PolicyAsync("""{"queues":"q"}""");

        (await ClaimWithWaitAsync()).ShouldBe(["2"]);
        (await GetAsync(Groups)).Text.ShouldBe("""[{"group":"g","ready":1,"waiting":0,"held":0,"dead":[]}]""");
        (await GetAsync($"/dead/{Account}/q?detail=id")).Strings.ShouldBe(["1"]);
    }

    [Fact]
    public async Task A_front_that_expires_or_dies_by_time_lets_its_group_go_on_within_seconds()
    {
        await PolicyAsync("""{"queues":"q","maxDeliveries":1}""");
        await PutAsync($"{Queue}/expires?ttl=30&group=g");
        await PutAsync($"{Queue}/behind?ttl=0&group=g");
        Time.Advance(TimeSpan.FromSeconds(30));

        (await ClaimWithWaitAsync()).ShouldBe(["behind"]);

        await PutAsync($"{Queue}/last?ttl=0&group=g");
        // The hide of its last delivery ends, and it dies.
        Time.Advance(TimeSpan.FromSeconds(60));
        (await ClaimWithWaitAsync()).ShouldBe(["last"]);
        (await GetAsync($"/dead/{Account}/q?detail=id")).Strings.ShouldBe(["behind"]);
    }

    [Fact]
    public async Task The_group_never_changes()
    {
        await PutGroupAsync("g", "1", "2");
        await PutAllAsync(Queue, "x");

        foreach (var (id, group) in ((string, string)[])[("1", "h"), ("2", "h"), ("x", "g")])
        {
            var refused = await PutAsync($"{Queue}/{id}?group={group}");
            refused.ShouldBeAProblem(409);
            refused.Text.ShouldContain("group");
        }

        (await PutAsync($"{Queue}/2?ttl=0", "anew")).Status.ShouldBe(200);
        (await PutAsync($"{Queue}/1?ttl=0&group=g", "anew")).Status.ShouldBe(200);
        (await ClaimIdsAsync()).ShouldBe(["1", "x"]);
        await DeleteAsync($"{Queue}/1");
        (await PostAsync($"{Queue}?limit=10&hide=60&detail=body")).Strings.ShouldBe(["anew"]);
    }

    [Fact]
    public async Task Wrong_groups_are_named_and_nothing_is_stored()
    {
        (await PutAsync($"{Queue}/m?group=")).ShouldRefuse("group");
        (await PutAsync($"{Queue}/m?group={new string('g', 129)}")).ShouldRefuse("group");
        (await PutAsync($"{Queue}/m?group=%ff")).Status.ShouldBe(400);
        (await PutAsync($"{Queue}/m?group={new string('g', 128)}")).Status.ShouldBe(201);
        var batch = await BatchAsync(
            """{"id":"a","group":""}""", """{"id":"b","group":7}""", """{"id":"c","group":"é"}""",
            """{"op":"update","id":"c","group":"é"}""", """{"op":"delete","id":"c","group":"é"}""");
        batch.ShouldBe([400, 400, 201, 400, 400]);
        (await GetAsync($"{Queue}/c?detail=full")).Json.GetProperty("group").GetString().ShouldBe("é");
        (await IdsAsync(Queue)).ShouldBe(["m", "c"]);
    }

    [Fact]
    public async Task A_batch_puts_messages_of_many_groups_in_order()
    {
        string[] groups = ["a", "b", "c"];
        var items = Enumerable.Range(0, 120).Select(i => $$"""{"id":"{{i:d3}}","ttl":0,"group":"{{groups[i % 3]}}"}""").ToArray();
        (await BatchAsync(items)).ShouldAllBe(status => status == 201);

        (await IdsAsync(Queue)).ShouldBe(Enumerable.Range(0, 120).Select(i => $"{i:d3}"));
        for (var i = 0; i < 120; i += 3)
            (await DeleteAsync($"{Queue}?limit=10&detail=id")).Strings.ShouldBe([$"{i:d3}", $"{i + 1:d3}", $"{i + 2:d3}"]);
        (await DeleteAsync($"{Queue}?limit=10&detail=id")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Groups_are_listed_by_pages()
    {
        (await GetAsync(Groups)).ShouldBeAProblem(404);
        await PutAllAsync(Queue, "x");
        (await GetAsync(Groups)).ShouldBeAProblem(404);
        foreach (var group in (string[])["a", "b", "c", "d/é"])
            await PutGroupAsync(group, $"{group}1", $"{group}2");

        var all = (await GetAsync(Groups)).Json.EnumerateArray().Select(group => group.GetProperty("group").GetString()!).ToList();
        all.Order(StringComparer.Ordinal).ShouldBe(["a", "b", "c", "d/é"]);
        var paged = new List<string>();
        for (var marker = ""; ;)
        {
            var page = await GetAsync($"{Groups}?limit=1{marker}");
            paged.Add(page.Json.EnumerateArray().ShouldHaveSingleItem().GetProperty("group").GetString()!);
            if (paged.Count == 4)
                break;
            marker = $"&marker={Uri.EscapeDataString(paged[^1])}";
        }

        paged.ShouldBe(all);
        (await GetAsync($"{Groups}?marker={Uri.EscapeDataString(all[^1])}")).Status.ShouldBe(404);
        (await GetAsync($"{Groups}?limit=all")).ShouldRefuse("limit");
        (await GetAsync($"{Groups}?marker={new string('g', 129)}")).ShouldRefuse("group");
    }

    [Fact]
    public async Task More_than_a_page_that_wait_in_one_group_are_passed_in_order()
    {
        var ids = Enumerable.Range(0, 1040).Select(i => $"{i:d4}").ToList();
        foreach (var some in ids.Chunk(500))
            (await BatchAsync([.. some.Select(id => $$"""{"id":"{{id}}","ttl":0,"group":"g"}""")])).ShouldAllBe(status => status == 201);

        (await GetAsync(Groups)).Text.ShouldBe("""[{"group":"g","ready":1,"waiting":1039,"held":0,"dead":[]}]""");
        (await IdsAsync(Queue)).ShouldBe(ids);
        for (var i = 0; i < 20; i++)
            (await DeleteAsync($"{Queue}?limit=1&detail=id")).Strings.ShouldBe([ids[i]]);
        (await DeleteAsync($"{Queue}?limit=1010")).Status.ShouldBe(200);
        (await IdsAsync(Queue)).ShouldBe(ids[1030..]);
        (await ClaimIdsAsync()).ShouldBe(["1030"]);
        (await DeleteAsync($"{Queue}?match_hidden=true")).Status.ShouldBe(200);
        (await GetAsync(Groups)).Status.ShouldBe(404);
    }

    private Task PutGroupAsync(string group, params string[] ids) => PutGroupAsync(group, (IEnumerable<string>)ids);

    private async Task PutGroupAsync(string group, IEnumerable<string> ids)
    {
        foreach (var id in ids)
        {
            (await PutAsync($"{Queue}/{Uri.EscapeDataString(id)}?ttl=0&group={Uri.EscapeDataString(group)}", id))
                .Status.ShouldBe(201);
        }
    }

    private async Task<string[]> ClaimIdsAsync()
    {
        var answer = await PostAsync($"{Queue}?limit=10&hide=60&detail=id");
        return answer.Status == 404 ? [] : answer.Strings;
    }

    private async Task<string[]> ClaimWithWaitAsync()
    {
        await using var waiter = await ConnectAsync();
        var claim = waiter.SendAsync("POST", $"{Queue}?limit=10&hide=60&wait=60&detail=id");
        return (await Time.AdvanceUntilAsync(claim, TimeSpan.FromSeconds(0.25))).Strings;
    }

    private async Task KillAsync(string id) => (await PostAsync(
        $"{Queue}/{id}?outcome=dead", ("If-Match", (await GetAsync($"{Queue}/{id}")).ETag!))).Status.ShouldBe(200);

    private async Task PolicyAsync(string policy)
    {
        (await SendAsync("PUT", $"/policies/{Account}/p", Encoding.UTF8.GetBytes(policy), ("Content-Type", "application/json")))
            .Status.ShouldBeOneOf(200, 201);
        // Every process heeds it within 5 s.
        Time.Advance(TimeSpan.FromSeconds(5));
    }

    private async Task<int[]> BatchAsync(params string[] items) =>
        [.. (await SendBatchAsync(items)).Select(item => item.GetProperty("status").GetInt32())];
}

public sealed class MemoryGroupTests(MemoryServer server) : GroupTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteGroupTests(SqliteServer server) : GroupTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppGroupTests(FunctionAppServer server) : GroupTests(server);

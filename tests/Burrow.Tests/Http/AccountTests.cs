using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Accounts and queues: listed while they hold a message, deleted with all that they hold.</summary>
public abstract class AccountTests(ServerFixture server) : ProtocolTests(server)
{
    // By code point. UTF-16 order has the astral characters before U+FF21, and the order of cultures has a before B.
    private static readonly string[] Ordered = ["!", "1", "10", "2", "A", "B", "a", "aa", "b", "~", "é", "Ａ", "😀", "\U0010FFFF"];

    /// <summary>The two collections of names, and the message to put so that a name is in the collection.</summary>
    public static TheoryData<string, string> Collections => new()
    {
        { "/v1.0", "/v1.0/{name}/q/m" },
        { "/v1.0/{account}", "/v1.0/{account}/{name}/m" },
    };

    [Theory]
    [MemberData(nameof(Collections))]
    public async Task Names_are_ordered_by_code_point_and_picked_by_marker_and_limit(string path, string message)
    {
        var collection = await FillAsync(path, message, Ordered.Reverse());

        (await GetAsync(collection)).Strings.ShouldBe(Ordered);
        (await GetAsync($"{collection}?limit=0")).Strings.ShouldBe(Ordered);
        (await GetAsync($"{collection}?limit=3")).Strings.ShouldBe(Ordered[..3]);
        (await GetAsync($"{collection}?limit=99")).Strings.ShouldBe(Ordered);
        (await GetAsync($"{collection}?marker=")).Strings.ShouldBe(Ordered);
        (await GetAsync($"{collection}?marker=none")).Strings.ShouldBe(Ordered);
        (await GetAsync($"{collection}?marker=C")).Strings.ShouldBe(Ordered);
        for (var i = 0; i < Ordered.Length; i++)
        {
            var after = $"{collection}?marker={Uri.EscapeDataString(Ordered[i])}";
            if (i == Ordered.Length - 1)
                (await GetAsync(after)).Status.ShouldBe(404);
            else
                (await GetAsync($"{after}&limit=2")).Strings.ShouldBe(Ordered.Skip(i + 1).Take(2));
        }
    }

    [Theory]
    [MemberData(nameof(Collections))]
    public async Task Detail_is_none_id_or_all(string path, string message)
    {
        var collection = await FillAsync(path, message, ["b", "a"]);

        (await GetAsync(collection)).ShouldBeJson("""["a","b"]""");
        (await GetAsync($"{collection}?detail=id")).ShouldBeJson("""["a","b"]""");
        (await GetAsync($"{collection}?detail=all")).ShouldBeJson("""[{"id":"a"},{"id":"b"}]""");
        (await GetAsync($"{collection}?detail=none")).ShouldBeEmpty(200);
        (await DeleteAsync($"{collection}?limit=1&detail=id")).ShouldBeJson("""["a"]""");
        (await DeleteAsync($"{collection}?limit=1&detail=all")).ShouldBeJson("""[{"id":"b"}]""");
        (await DeleteAsync($"{collection}?detail=id")).Status.ShouldBe(404);
        (await GetAsync(collection)).Status.ShouldBe(404);
        (await GetAsync($"{collection}?detail=none")).Status.ShouldBe(404);
        await FillAsync(path, message, ["b", "a"]);
        (await DeleteAsync($"{collection}?detail=none")).ShouldBeEmpty(200);
        await FillAsync(path, message, ["b", "a"]);
        (await DeleteAsync(collection)).ShouldBeEmpty(200);
        (await DeleteAsync(collection)).Status.ShouldBe(404);
    }

    [Theory]
    [MemberData(nameof(Collections))]
    public async Task A_delete_takes_those_that_match_with_hidden_messages_and_leaves_the_others(string path, string message)
    {
        var collection = await FillAsync(path, message, ["a", "b", "c", "d"]);
        await PutAsync(
            message.Replace("{account}", Account, StringComparison.Ordinal).Replace("{name}", "b", StringComparison.Ordinal) + "?hide=60");

        (await DeleteAsync($"{collection}?marker=a&limit=2")).ShouldBeEmpty(200);

        (await GetAsync(collection)).ShouldBeJson("""["a","d"]""");
        (await DeleteAsync($"{collection}?marker=d")).Status.ShouldBe(404);
        (await DeleteAsync($"{collection}?marker=none")).ShouldBeEmpty(200);
        (await GetAsync(collection)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_account_and_a_queue_are_there_while_they_hold_a_message_hidden_or_not()
    {
        await DeleteAsync("/v1.0");
        await PutAsync($"{Queue}/m?hide=60&ttl=90");

        (await GetAsync("/v1.0")).Strings.ShouldBe([Account]);
        (await GetAsync($"/v1.0/{Account}")).ShouldBeJson("""["q"]""");
        Time.Advance(TimeSpan.FromSeconds(89.5));
        (await GetAsync($"/v1.0/{Account}")).ShouldBeJson("""["q"]""");
        Time.Advance(TimeSpan.FromSeconds(0.5));
        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
        (await GetAsync("/v1.0")).Status.ShouldBe(404);

        await PutAsync($"{Queue}/m");
        (await GetAsync("/v1.0")).Strings.ShouldBe([Account]);
        await DeleteAsync($"{Queue}/m");
        (await GetAsync("/v1.0")).Status.ShouldBe(404);
        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Each_delete_reaches_just_what_it_names()
    {
        await DeleteAsync("/v1.0");
        foreach (var queue in new[] { "a/q", "a/r", "b/q" })
        {
            await PutAsync($"/v1.0/{queue}/m");
            await PutAsync($"/v1.0/{queue}/hidden?hide=60");
        }

        await DeleteAsync("/v1.0/a/q");
        (await IdsAsync("/v1.0/a/q")).ShouldBe(["hidden"]);
        await DeleteAsync("/v1.0/a/q?match_hidden=true");
        (await GetAsync("/v1.0/a")).ShouldBeJson("""["r"]""");
        await DeleteAsync("/v1.0/a");
        (await GetAsync("/v1.0")).ShouldBeJson("""["b"]""");
        (await IdsAsync("/v1.0/b/q")).ShouldBe(["m", "hidden"]);
        await DeleteAsync("/v1.0");
        (await IdsAsync("/v1.0/b/q")).ShouldBeEmpty();
        (await GetAsync("/v1.0")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Long_names_that_begin_alike_keep_their_order_and_serve_as_markers()
    {
        var names = new[] { "a", "b", "c", "d" }.Select(end => new string('x', 400) + end).Append("y").ToArray();
        foreach (var name in names.Reverse())
            await PutAsync($"/v1.0/{Account}/{name}/m");

        (await GetAsync($"/v1.0/{Account}")).ShouldBeJson(JsonSerializer.Serialize(names));
        for (var i = 0; i < 4; i++)
            (await GetAsync($"/v1.0/{Account}?limit=1&marker={names[i]}")).Strings.ShouldBe([names[i + 1]]);
    }

    private async Task<string> FillAsync(string path, string message, IEnumerable<string> names)
    {
        await DeleteAsync("/v1.0");
        foreach (var name in names)
        {
            var target = message
                .Replace("{account}", Account, StringComparison.Ordinal)
                .Replace("{name}", Uri.EscapeDataString(name), StringComparison.Ordinal);
            (await PutAsync(target)).Status.ShouldBe(201);
        }

        return path.Replace("{account}", Account, StringComparison.Ordinal);
    }
}

public sealed class MemoryAccountTests(MemoryServer server) : AccountTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteAccountTests(SqliteServer server) : AccountTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppOfFewAccounts))]
public sealed class FunctionAppAccountTests(FunctionAppServer server) : AccountTests(server);

using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>
/// One answer holds at most 10,000 messages and 16 MiB (docs/reference/api.md). The answers are large, so the tests run in memory only.
/// </summary>
public sealed class AnswerSizeTests(MemoryServer server) : ProtocolTests(server), IClassFixture<MemoryServer>
{
    private const int Max = 16 * 1024 * 1024;

    [Fact]
    public async Task A_list_of_more_than_10_000_messages_is_cut_and_goes_on_after_its_marker()
    {
        await PutManyAsync(10_001);

        var first = await GetAsync($"{Queue}?detail=id");
        var ids = first.Strings;
        (ids.Length, first.More).ShouldBe((10_000, true));
        var rest = await GetAsync($"{Queue}?detail=id&after={first.Marker}");
        (rest.Strings.Length, rest.More).ShouldBe((1, false));
        (await GetAsync($"{Queue}?detail=id&marker={ids[^1]}")).Strings.ShouldBe(rest.Strings);
        // An answer with as many messages as the caller asks for is not cut.
        var asked = await GetAsync($"{Queue}?detail=id&limit=10000");
        (asked.Strings.Length, asked.More).ShouldBe((10_000, false));
        var more = await GetAsync($"{Queue}?detail=attributes&limit=10001");
        (more.Json.GetArrayLength(), more.More).ShouldBe((10_000, true));

        // A change is cut in the same way, and leaves the messages that it does not return unchanged.
        var claimed = await PostAsync($"{Queue}?detail=id&hide=60");
        (claimed.Strings.Length, claimed.More).ShouldBe((10_000, true));
        (await IdsAsync(Queue, hidden: false)).ShouldBe(rest.Strings);
        var taken = await DeleteAsync($"{Queue}?detail=id&match_hidden=true");
        (taken.Strings.Length, taken.More).ShouldBe((10_000, true));
        (await IdsAsync(Queue)).ShouldBe(rest.Strings);
    }

    [Fact]
    public async Task Exactly_10_000_messages_are_not_cut()
    {
        await PutManyAsync(10_000);

        var list = await GetAsync($"{Queue}?detail=id");
        (list.Strings.Length, list.More).ShouldBe((10_000, false));
        var taken = await DeleteAsync($"{Queue}?detail=id");
        (taken.Strings.Length, taken.More).ShouldBe((10_000, false));
    }

    [Fact]
    public async Task A_change_that_shows_nothing_does_all_that_match()
    {
        await PutManyAsync(10_500);

        var update = await PostAsync($"{Queue}?hide=60");
        (update.Status, update.More).ShouldBe((200, false));
        (await GetAsync($"{Queue}?detail=none")).Status.ShouldBe(404);
        var delete = await DeleteAsync($"{Queue}?match_hidden=true");
        (delete.Status, delete.More).ShouldBe((200, false));
        (await GetAsync($"/v1.0/{Account}")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("GET", "", 'x')]
    [InlineData("POST", "&hide=60&match_hidden=true", 'x')]
    [InlineData("POST", "&hide=60&limit=100", 'x')]
    [InlineData("DELETE", "", 'x')]
    [InlineData("DELETE", "&limit=100", 'x')]
    [InlineData("GET", "", '\u0001')]
    [InlineData("DELETE", "&limit=100", '\u0001')]
    [InlineData("GET", "", '"')]
    [InlineData("GET", "", '\u007F')]
    [InlineData("DELETE", "", '\u0080')]
    public async Task An_answer_has_at_most_16_mib_and_the_rest_is_had_afterwards(string method, string query, char character)
    {
        var body = new string(character, character < 0x80 ? 1024 * 1024 : 512 * 1024);
        var ids = Enumerable.Range(0, 20).Select(i => $"m{i:d2}").ToArray();
        foreach (var id in ids)
            await PutAsync($"{Queue}/{id}?ttl=0", body);

        foreach (var detail in new[] { "all", "body" })
        {
            var answer = await SendAsync(method, $"{Queue}?detail={detail}{query}");

            answer.Status.ShouldBe(200);
            answer.Body.Length.ShouldBeLessThanOrEqualTo(Max);
            answer.More.ShouldBeTrue();
            var got = answer.Json.GetArrayLength();
            got.ShouldBeInRange(1, 16);
            // The answer has as many messages as fit.
            if (character == 'x')
                got.ShouldBe(15);
            var rest = await IdsAsync(Queue, hidden: method != "POST");
            rest.ShouldBe(method == "GET" ? ids : ids[got..]);
            (await GetAsync($"{Queue}?detail=id&match_hidden=true&after={answer.Marker}")).Strings.ShouldBe(ids[got..]);
            if (method != "GET")
                break;
        }
    }

    [Fact]
    public async Task Following_the_cursor_gives_every_large_message_once()
    {
        for (var i = 0; i < 40; i++)
            await SendAsync("PUT", $"{Queue}/m{i:d2}?ttl=0", new byte[900_000 + i]);

        var seen = new List<string>();
        RawAnswer answer;
        var after = "0000000000000000";
        do
        {
            answer = await GetAsync($"{Queue}?after={after}");
            answer.Body.Length.ShouldBeLessThanOrEqualTo(Max);
            seen.AddRange(answer.Json.EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            after = answer.Marker;
        }
        while (answer.More);

        seen.ShouldBe(Enumerable.Range(0, 40).Select(i => $"m{i:d2}"));
    }

    [Fact]
    public async Task Names_are_cut_at_10_000_too_and_a_marker_goes_on()
    {
        await DeleteAsync("/v1.0");
        await using var http = await ConnectAsync();
        var names = Enumerable.Range(0, 10_001).Select(i => $"q{i:d5}").ToArray();
        foreach (var some in names.Chunk(500))
        {
            await http.SendBytesAsync(Encoding.ASCII.GetBytes(string.Concat(
                some.Select(name => $"PUT /v1.0/{Account}/{name}/m HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"))));
            foreach (var _ in some)
                (await http.ReadAsync("PUT")).Status.ShouldBe(201);
        }

        var first = await GetAsync($"/v1.0/{Account}");
        first.Strings.ShouldBe(names[..^1]);
        first.More.ShouldBeTrue();
        (await GetAsync($"/v1.0/{Account}?marker={first.Strings[^1]}")).Strings.ShouldBe(names[^1..]);
    }

    [Fact]
    public async Task A_batch_of_1000_items_is_done_in_order()
    {
        var ids = await PutManyAsync(1000);

        (await IdsAsync(Queue)).ShouldBe(ids);
    }

    [Fact]
    public async Task A_batch_of_just_16_mib_is_done()
    {
        var line = "{\"id\":\"m\"}\n";
        var body = Encoding.ASCII.GetBytes(line + new string(' ', Max - line.Length));

        (await SendAsync("POST", $"/batch/{Account}/q", body, ("Content-Type", "application/x-ndjson"))).Status.ShouldBe(200);
        (await SendAsync(
            "POST", $"/batch/{Account}/q", [.. body, (byte)' '], ("Content-Type", "application/x-ndjson"))).ShouldBeAProblem(413);

        (await IdsAsync(Queue)).ShouldBe(["m"]);
    }

    private async Task<string[]> PutManyAsync(int count)
    {
        var ids = Enumerable.Range(0, count).Select(i => $"m{i:d5}").ToArray();
        foreach (var some in ids.Chunk(1000))
        {
            var body = string.Join('\n', some.Select(id => JsonSerializer.Serialize(new { id, ttl = 0 })));
            var answer = await SendAsync(
                "POST", $"/batch/{Account}/q", Encoding.UTF8.GetBytes(body), ("Content-Type", "application/x-ndjson"));
            answer.Json.EnumerateArray().ShouldAllBe(item => item.GetProperty("status").GetInt32() == 201);
        }

        return ids;
    }
}

using System.Text;
using System.Text.Json;
using Burrow.Tests.Support;

namespace Burrow.Tests.Http;

/// <summary>Cursors that the server keeps (docs/reference/api.md, "Readers").</summary>
public abstract class ReaderTests(ServerFixture server) : ProtocolTests(server)
{
    private string Readers => $"/readers/{Account}/q";

    [Fact]
    public async Task A_reader_is_made_shown_moved_and_deleted()
    {
        await PutAllAsync(Queue, "a", "b");
        var marker = (await GetAsync($"{Queue}?limit=1")).Marker!;

        var made = await ReaderAsync("billing 1/2", marker);

        made.Status.ShouldBe(201);
        made.Json.GetProperty("name").GetString().ShouldBe("billing 1/2");
        made.Json.GetProperty("after").GetString().ShouldBe(marker);
        var shown = await GetAsync($"{Readers}/billing%201%2F2");
        (shown.Text, shown.ETag).ShouldBe((made.Text, made.ETag));
        (await GetAsync(Readers)).Text.ShouldBe($"[{made.Text}]");
        var moved = await ReaderAsync("billing 1/2", "0000000000000000");
        moved.Status.ShouldBe(200);
        moved.ETag.ShouldNotBe(made.ETag);
        (await DeleteAsync($"{Readers}/billing%201%2F2")).Text.ShouldBe(moved.Text);
        foreach (var target in (string[])[$"{Readers}/billing%201%2F2", Readers])
            (await GetAsync(target)).ShouldBeAProblem(404);
        (await DeleteAsync($"{Readers}/billing%201%2F2")).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task A_list_begins_after_its_cursor_and_does_not_move_it()
    {
        await PutAllAsync(Queue, "a", "b", "c");
        await ReaderAsync("r", (await GetAsync($"{Queue}?limit=2")).Marker!);

        (await GetAsync($"{Queue}?reader=r&detail=id")).Strings.ShouldBe(["c"]);
        (await GetAsync($"{Queue}?reader=r&detail=id&limit=1")).Strings.ShouldBe(["c"]);
        // The message of the cursor may go.
        await DeleteAsync($"{Queue}/b");
        await DeleteAsync($"{Queue}/c");
        (await GetAsync($"{Queue}?reader=r")).ShouldBeAProblem(404);
        await using var waiter = await ConnectAsync();
        Time.Watch();
        var answer = waiter.SendAsync("GET", $"{Queue}?reader=r&detail=id&wait=20");
        await Time.BegunAsync(TimeSpan.FromSeconds(20));
        await PutAllAsync(Queue, "d");
        (await answer).Strings.ShouldBe(["d"]);
    }

    [Fact]
    public async Task If_Match_lets_only_one_of_two_processes_move_it()
    {
        var first = await ReaderAsync("r", "0000000000000001");

        (await ReaderAsync("r", "0000000000000002", ("If-Match", first.ETag!))).Status.ShouldBe(200);
        (await ReaderAsync("r", "0000000000000003", ("If-Match", first.ETag!))).ShouldBeAProblem(412);
        (await ReaderAsync("r", "0000000000000003", ("If-None-Match", "*"))).ShouldBeAProblem(412);
        (await ReaderAsync("other", "0000000000000003", ("If-Match", "*"))).ShouldBeAProblem(412);
        (await DeleteAsync($"{Readers}/r", ("If-Match", first.ETag!))).ShouldBeAProblem(412);
        var shown = await GetAsync($"{Readers}/r");
        shown.Json.GetProperty("after").GetString().ShouldBe("0000000000000002");
        (await GetAsync($"{Readers}/r", ("If-None-Match", shown.ETag!))).Status.ShouldBe(304);
    }

    [Theory]
    [InlineData("""{}""", "after")]
    [InlineData("""{"after":""}""", "after")]
    [InlineData("""{"after":"first"}""", "after")]
    [InlineData("""{"after":5}""", "after")]
    [InlineData("""{"after":"0000000000000001","name":"r"}""", "body")]
    [InlineData("""[]""", "body")]
    public async Task A_bad_body_is_refused_by_name(string body, string parameter)
    {
        (await SendAsync(
            "PUT", $"{Readers}/r", Encoding.UTF8.GetBytes(body), ("Content-Type", "application/json"))).ShouldRefuse(parameter);
        (await GetAsync($"{Readers}/r")).ShouldBeAProblem(404);
    }

    [Fact]
    public async Task A_list_says_what_is_wrong_with_its_reader()
    {
        await ReaderAsync("r", "0000000000000001");

        (await GetAsync($"{Queue}?reader=none")).ShouldRefuse("reader", "put it first");
        (await GetAsync($"{Queue}?reader=")).ShouldRefuse("reader");
        (await GetAsync($"{Queue}?reader=r&after=0000000000000001")).ShouldRefuse("reader");
        (await GetAsync($"{Queue}?reader=r&marker=a")).ShouldRefuse("reader");
        (await GetAsync($"{Queue}?reader={new string('r', 129)}")).ShouldRefuse("reader", "128");
        (await ReaderAsync(new string('r', 129), "0000000000000001")).ShouldRefuse("reader", "128");
        (await ReaderAsync(new string('r', 128), "0000000000000001")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task It_is_kept_for_30_days_after_its_last_use_and_longer_than_its_queue()
    {
        await PutAllAsync(Queue, "a");
        await ReaderAsync("used", "0000000000000001");
        await ReaderAsync("unused", "0000000000000001");
        await DeleteAsync($"/v1.0/{Account}");

        Time.Advance(TimeSpan.FromDays(29));
        (await GetAsync($"{Queue}?reader=used")).ShouldBeAProblem(404);
        Time.Advance(TimeSpan.FromDays(3));

        (await GetAsync($"{Readers}/unused")).ShouldBeAProblem(404);
        (await GetAsync(Readers)).Json.EnumerateArray().Select(reader => reader.GetProperty("name").GetString()).ShouldBe(["used"]);
        (await ReaderAsync("unused", "0000000000000001", ("If-None-Match", "*"))).Status.ShouldBe(201);
    }

    private Task<RawAnswer> ReaderAsync(string name, string after, params (string Name, string Value)[] headers) => SendAsync(
        "PUT",
        $"{Readers}/{Uri.EscapeDataString(name)}",
        JsonSerializer.SerializeToUtf8Bytes(new { after }),
        [("Content-Type", "application/json"), .. headers]);
}

public sealed class MemoryReaderTests(MemoryServer server) : ReaderTests(server), IClassFixture<MemoryServer>;

public sealed class SqliteReaderTests(SqliteServer server) : ReaderTests(server), IClassFixture<SqliteServer>;

[Collection(nameof(FunctionAppCollection))]
public sealed class FunctionAppReaderTests(FunctionAppServer server) : ReaderTests(server);

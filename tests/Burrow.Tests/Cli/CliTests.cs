using System.Text.Json;

namespace Burrow.Tests.Cli;

/// <summary>The command line, as a shell runs it, against the local process's app.</summary>
public sealed class CliTests : CliFixture
{
    [Fact]
    public async Task A_message_is_put_listed_claimed_and_deleted()
    {
        (await RunAsync("put", "orders", "two pizzas", "--id", "1", "--ttl", "0")).ShouldBe((0, "1\n", ""));
        (await RunAsync(["put", "orders", "--id", "2", "--ttl", "1h", "--priority", "9", "--group", "g"], input: "one salad"))
            .ShouldBe((0, "2\n", ""));

        (await RunAsync("get", "orders", "2")).ShouldBe((0, "one salad\n", ""));
        (await RunAsync("queues")).ShouldBe((0, "orders\n", ""));
        (await RunAsync("accounts", "--json")).ShouldBe((0, "{\"id\":\"shop\"}\n", ""));
        var listed = await RunAsync("list", "orders", "--json");
        var lines = listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.ConvertAll(line => line.GetProperty("id").GetString()).ShouldBe(["1", "2"]);
        (lines[1].GetProperty("priority").GetInt32(), lines[1].GetProperty("group").GetString()).ShouldBe((9, "g"));
        lines[0].TryGetProperty("priority", out _).ShouldBeFalse();
        var claimed = await RunAsync("claim", "orders", "--hide", "60", "-n", "1", "--json");
        JsonDocument.Parse(claimed.Output).RootElement.GetProperty("id").GetString().ShouldBe("2");
        (await RunAsync("update", "orders", "2", "--hide", "0")).ShouldBe((0, "", ""));
        (await RunAsync("take", "orders")).ShouldBe((0, "one salad\n", ""));
        (await RunAsync("delete", "orders", "1")).ShouldBe((0, "", ""));
        (await RunAsync("delete", "orders", "1")).ShouldBe((3, "", ""));
        (await RunAsync("list", "orders")).ShouldBe((3, "", ""));
    }

    [Theory]
    [InlineData(2, "burrow put: 'ftp://x' is no address", "put", "q", "x", "--url", "ftp://x")]
    [InlineData(2, "burrow delete: Name a message, or say --all.", "delete", "q")]
    [InlineData(2, "--ttl: 'soon' is no time: it is as 90, 90s, 5m, 2h or 7d.", "put", "q", "x", "--ttl", "soon")]
    [InlineData(2, "Required argument 'queue' missing", "list")]
    [InlineData(2, "There is no profile 'x'", "list", "q", "--profile", "x")]
    [InlineData(2, "'..' is no name", "get", "q", "..")]
    [InlineData(1, "burrow put: priority is a whole number from 0 to 9.", "put", "q", "x", "--priority", "10")]
    [InlineData(3, "", "get", "q", "nothing")]
    [InlineData(4, "burrow list: http://127.0.0.1:1/ does not answer", "list", "q", "--url", "http://127.0.0.1:1")]
    public async Task What_is_wrong_is_told_in_a_line_and_by_the_exit_code(int exitCode, string error, params string[] arguments)
    {
        var ended = await RunAsync(arguments);

        (ended.ExitCode, ended.Output).ShouldBe((exitCode, ""));
        ended.Error.ShouldContain(error);
        ended.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBeLessThan(2);
    }

    [Fact]
    public async Task A_worker_runs_a_command_for_each_message_and_ends_at_ctrl_c()
    {
        await RunAsync("policies", "p", "--queues", "work", "--max-deliveries", "2", "--retry-delays", "0");
        foreach (var body in (string[])["good", "bad", "worse", "job"])
            (await RunAsync("put", "work", body, "--id", body, "--ttl", "0", "--result", "60")).ExitCode.ShouldBe(0);
        using var worker = Start(
            "claim",
            "work",
            "--exec",
            "read x; echo \"$x $BURROW_ID $BURROW_DELIVERY\"; case $x in bad) echo no >&2; exit 1;; worse) exit 65;; esac",
            "--result");

        var result = await WaitForAsync(["dead", "work", "--json"], "\"bad\"");
        await WaitForAsync(["stats", "work", "--json"], "\"messages\":0,");
        await worker.InterruptAsync();
        var end = await worker.EndAsync();

        end.ExitCode.ShouldBe(0, end.Error);
        var dead = JsonDocument.Parse(result.Output).RootElement.EnumerateArray()
            .ToDictionary(one => one.GetProperty("id").GetString()!, one => one.GetProperty("last").GetString());
        dead["bad"].ShouldBe("no");
        (await Server.Http.GetStringAsync("results/shop/work/job", TestContext.Current.CancellationToken)).ShouldBe("job job 1\n");
        (await RunAsync("redrive", "work", "bad", "--ttl", "0")).ExitCode.ShouldBe(0);
        (await RunAsync("get", "work", "bad")).Output.ShouldBe("bad\n");
        (await RunAsync("purge", "work", "--all")).ExitCode.ShouldBe(0);
        (await RunAsync("dead")).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task A_queue_is_exported_imported_and_moved()
    {
        var file = Folder.File("orders.ndjson");
        foreach (var i in Enumerable.Range(0, 5))
            await RunAsync("put", "orders", $"order {i}", "--id", $"{i}", "--ttl", "0", "--priority", $"{i}");

        (await RunAsync("export", "orders", file)).ShouldBe((0, "5 messages were exported; the file holds 5.\n", ""));
        // What was written half is written again, and what is there is not.
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Token))[..^10], Token);
        (await RunAsync("export", "orders", file)).ShouldBe((0, "1 messages were exported; the file holds 5.\n", ""));
        (await RunAsync("import", "copy", file)).ShouldBe((0, "5 messages were imported.\n", ""));
        (await RunAsync("import", "copy", file)).ShouldBe((0, "0 messages were imported, 5 lines were done before.\n", ""));
        (await RunAsync("move", "copy", "moved", "--to-account", "other")).ShouldBe((0, "5 messages were moved.\n", ""));

        (await RunAsync("list", "copy")).ExitCode.ShouldBe(3);
        (await RunAsync("move", "orders", "orders")).ShouldBe((2, "", "burrow move: Both are the same queue.\n"));
        var (before, after) = (await ExportAsync("orders", "shop"), await ExportAsync("moved", "other"));
        after.ShouldBe(before);

        async Task<string[]> ExportAsync(string queue, string account)
        {
            var name = Folder.File($"{account}-{queue}");
            (await RunAsync("export", queue, name, "--account", account)).ExitCode.ShouldBe(0);
            return [.. (await File.ReadAllLinesAsync(name, Token)).Select(line =>
            {
                var message = JsonDocument.Parse(line).RootElement;
                return string.Join(' ', ((string[])["id", "body", "ttl", "priority", "contentType"]).Select(
                    member => message.TryGetProperty(member, out var value) ? value.ToString() : "-"));
            })];
        }
    }

    [Fact]
    public async Task A_profile_keeps_the_key_where_no_other_user_reads_it_and_no_list_of_processes_shows_it()
    {
        string[] set = ["profile", "work", "--url", Server.Address.AbsoluteUri, "--account", "shop", "--key"];
        (await RunAsync(set, input: "brw_secret\n")).ExitCode.ShouldBe(0);

        var file = Folder.File("config/burrow/profiles.json");
        (await File.ReadAllTextAsync(file, Token)).ShouldContain("brw_secret");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await RunAsync("profile")).Output.ShouldNotContain("brw_secret");
        (await RunAsync("profile", "--json")).Output.ShouldContain("\"key\":\"yes\"");
        (await RunAsync("profile", "work", "--delete")).ExitCode.ShouldBe(0);
        (await RunAsync("profile")).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task Tail_shows_what_is_there_and_what_comes_and_goes_on_where_its_reader_is()
    {
        await RunAsync("put", "q", "a", "--id", "a", "--ttl", "0");
        await RunAsync("put", "q", "b", "--id", "b", "--ttl", "0");

        (await RunAsync("tail", "q", "-n", "1", "--reader", "r", "--json")).Output.ShouldContain("\"id\":\"a\"");
        (await RunAsync("tail", "q", "-n", "1", "--reader", "r", "--json")).Output.ShouldContain("\"id\":\"b\"");
    }

    [Fact]
    public async Task Bench_prints_a_table_and_leaves_nothing()
    {
        var ended = await RunAsync("bench", "--seconds", "1", "--connections", "4", "--json");

        ended.ExitCode.ShouldBe(0, ended.Error);
        JsonDocument.Parse(ended.Output).RootElement.EnumerateArray().ToList()
            .ConvertAll(row => (row.GetProperty("what").GetString(), row.GetProperty("failed").GetInt64()))
            .ShouldBe([("put", 0), ("put, 100 at a time", 0), ("claim and done", 0), ("put until claimed", 0)]);
        (await RunAsync("queues")).ExitCode.ShouldBe(3);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task A_shell_is_given_its_completion(string shell)
    {
        (await RunAsync("completion", shell)).Output.ShouldContain("suggest:");
        (await RunAsync("[suggest:9]", "burrow pu")).Output.Split('\n').ShouldContain("put");
    }
}

using System.Globalization;
using Burrow.Client;
using Burrow.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Burrow.Tests.Cli;

/// <summary>The command line where something is wrong, is stopped, or is meant for another service.</summary>
public sealed class CliFaultTests : CliFixture
{
    private static readonly PutOptions ForEver = new() { Ttl = Timeout.InfiniteTimeSpan };

    [Fact]
    public async Task A_message_that_was_redriven_into_its_old_place_is_moved_too()
    {
        var queue = Account.Queue("from");
        foreach (var id in (string[])["1", "2", "3"])
            await queue.PutAsync(id, ForEver with { Id = id }, Token);
        await (await queue.ClaimAsync(TimeSpan.FromMinutes(1), cancellationToken: Token))!.DeadAsync("it can not be done", Token);
        (await RunAsync("move", "from", "to")).ShouldBe((0, "2 messages were moved.\n", ""));
        await queue.DeadLetters.RedriveAllAsync(Timeout.InfiniteTimeSpan, cancellationToken: Token);

        (await RunAsync("move", "from", "to")).ShouldBe((0, "1 messages were moved.\n", ""));

        (await IdsAsync("to")).ShouldBe(["2", "3", "1"]);
        (await IdsAsync("from")).ShouldBeEmpty();
    }

    [Fact]
    public async Task After_a_kill_what_was_stored_is_not_stored_again_and_what_was_redriven_is_not_lost()
    {
        var (from, to) = (Account.Queue("from"), Account.Queue("to"));
        foreach (var id in (string[])["redriven", "stored", "new"])
            await from.PutAsync(id, ForEver with { Id = id }, Token);
        var cursors = await from.ListAsync(new() { PageSize = 1 }, Token).Select(message => message.Cursor!).ToListAsync(Token);
        // As a move leaves it that was killed behind its puts: its batch began behind the first message, and its second one was stored.
        var authority = Server.Address.Authority;
        // The service is both ends.
        await from.Reader($"move:{authority}/shop/to").MoveAsync(cursors[0], cancellationToken: Token);
        await to.Producer($"move:{authority}/shop/from").PutNumberedAsync(
            long.Parse(cursors[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), "stored", ForEver with { Id = "stored" }, Token);
        await to.TakeAsync(cancellationToken: Token);

        (await RunAsync("move", "from", "to")).ExitCode.ShouldBe(0);

        (await IdsAsync("to")).ShouldBe(["new", "redriven"]);
        (await IdsAsync("from")).ShouldBeEmpty();
        (await from.ReadersAsync(Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_message_that_is_refused_stops_a_move_before_those_behind_it()
    {
        foreach (var id in (string[])["1", "2", "3"])
            await Account.Queue("from").PutAsync(id, ForEver with { Id = id }, Token);
        await Account.Queue("to").PutAsync("there", ForEver with { Id = "2", Priority = 9 }, Token);

        for (var i = 0; i < 2; i++)
            (await RunAsync("move", "from", "to")).ExitCode.ShouldBe(1);

        (await IdsAsync("to")).Order().ShouldBe(["1", "2"]);
        (await IdsAsync("from")).ShouldContain("2");
        await Account.Queue("to").DeleteAsync("2", cancellationToken: Token);
        (await RunAsync("move", "from", "to")).ExitCode.ShouldBe(0);
        (await IdsAsync("to")).ShouldBe(["1", "2", "3"]);
    }

    [Fact]
    public async Task A_key_goes_to_the_address_of_its_profile_alone_and_the_command_line_comes_first()
    {
        await using var other = await Listener.StartAsync();
        string[] set = ["profile", "work", "--url", Server.Address.AbsoluteUri, "--account", "shop", "--key"];
        (await RunAsync(set, "brw_secret\n")).ExitCode.ShouldBe(0);
        (string, string) variable = ("BURROW_URL", other.Address.AbsoluteUri);
        await Account.Queue("q").PutAsync("x", ForEver with { Id = "x" }, Token);

        // The profile that the command line names comes before the variable.
        (await RunAsync(["get", "q", "x", "--profile", "work"], "", variable)).ShouldBe((0, "x\n", ""));
        (await RunAsync(["move", "q", "q2", "--url", Server.Address.AbsoluteUri, "--to-profile", "work"], "", variable))
            .ShouldBe((0, "1 messages were moved.\n", ""));
        (await IdsAsync("q2")).ShouldBe(["x"]);
        other.Keys.ShouldBeEmpty();

        await RunAsync(["get", "q", "x", "--profile", "work", "--url", other.Address.AbsoluteUri], "", variable);
        await RunAsync(["get", "q", "x"], "", variable);
        await RunAsync(["get", "q", "x"], "", variable, ("BURROW_PROFILE", "work"));
        other.Keys.ShouldBe(["", "", ""]);
        await RunAsync(["get", "q", "x"], "", variable, ("BURROW_KEY", "brw_theirs"));
        other.Keys.Last().ShouldBe("Bearer brw_theirs");
        // That key is for the address beside it.
        await RunAsync(
            ["get", "q", "x", "--url", other.Address.AbsoluteUri],
            "",
            ("BURROW_URL", Server.Address.AbsoluteUri),
            ("BURROW_KEY", "brw_ours"));
        other.Keys.Last().ShouldBe("");
    }

    [Fact]
    public async Task A_body_is_never_read_from_a_file_that_it_names()
    {
        await File.WriteAllTextAsync(Folder.File("secret"), "secret", Token);
        (await RunAsync("put", "q", $"@{Folder.File("secret")}", "--id", "1")).ExitCode.ShouldBe(0);
        (await RunAsync("get", "q", "1")).Output.ShouldBe($"@{Folder.File("secret")}\n");
    }

    [Theory]
    [InlineData("line1\nprecious tail")]
    [InlineData("precious")]
    [InlineData("{\"cursor\":\"08df4cca9bf4e19d\",\"id\":\"1\"}\nprecious")]
    public async Task An_export_leaves_a_file_alone_that_is_none(string content)
    {
        await Account.Queue("q").PutAsync("x", ForEver, Token);
        await File.WriteAllTextAsync(Folder.File("file"), content, Token);
        (await RunAsync("export", "q", Folder.File("file"))).ExitCode.ShouldBe(2);
        (await File.ReadAllTextAsync(Folder.File("file"), Token)).ShouldBe(content);
    }

    [Theory]
    [InlineData("{\"cursor\":\"1\",\"id\":\"2\",\"bo", "Line 2 of the file is no message")]
    [InlineData("{\"cursor\":\"1\",\"id\":\"2\",\"body\":\"?\",\"encoding\":\"base64\"}", "Line 2 of the file is no message")]
    public async Task An_import_looks_at_all_lines_before_it_stores_one(string line, string error)
    {
        await File.WriteAllTextAsync(Folder.File("file"), "{\"cursor\":\"1\",\"id\":\"1\",\"body\":\"a\"}\n" + line, Token);
        var ended = await RunAsync("import", "q", Folder.File("file"));
        ended.ExitCode.ShouldBe(2);
        ended.Error.ShouldContain(error);
        (await IdsAsync("q")).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_import_goes_on_behind_a_line_that_is_refused()
    {
        await File.WriteAllLinesAsync(
            Folder.File("file"),
            from i in Enumerable.Range(0, 5) select $$"""{"cursor":"1","id":"{{i}}","body":"x","ttl":{{(i == 2 ? -5 : 0)}}}""",
            Token);
        var ended = await RunAsync("import", "q", Folder.File("file"));
        ended.ExitCode.ShouldBe(1);
        ended.Error.ShouldStartWith("burrow import: line 3 was refused: A time to live is above 0");
        (await IdsAsync("q")).ShouldBe(["0", "1", "3", "4"]);
    }

    [Fact]
    public async Task A_tail_ends_when_its_reader_has_gone_and_fails_when_there_is_no_service()
    {
        await Account.Queue("q").PutAsync("1", ForEver with { Id = "1" }, Token);
        var cli = Path.Combine(AppContext.BaseDirectory, "Burrow.Cli.dll");
        var tail = $"dotnet '{cli}' tail q --url {Server.Address} --account shop";
        var tailing = Commands.RunAsync("sh", $"-c \"{tail} | head -1 >{Folder.File("seen")}\"", Path.GetTempPath());
        // It sees that when it prints the next message.
        while (await Task.WhenAny(tailing, Task.Delay(50, Token)) != tailing)
            await Account.Queue("q").PutAsync("more", ForEver, Token);
        await tailing;
        (await File.ReadAllTextAsync(Folder.File("seen"), Token)).ShouldContain(" 1  1");

        (await RunAsync("tail", "q", "--url", "http://127.0.0.1:1")).ExitCode.ShouldBe(4);
    }

    [Fact]
    public async Task What_several_commands_write_to_one_file_stands_one_behind_the_other()
    {
        foreach (var id in (string[])["1", "2"])
            await Account.Queue("q").PutAsync($"body {id}", ForEver with { Id = id }, Token);
        var get = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "Burrow.Cli.dll")}' get q --url {Server.Address} --account shop";
        await Commands.RunAsync("sh", $"-c \"( {get} 1; {get} 2 ) >{Folder.File("both")}\"", Path.GetTempPath());
        (await File.ReadAllTextAsync(Folder.File("both"), Token)).ShouldBe("body 1\nbody 2\n");
    }

    [Fact]
    public async Task A_worker_whose_output_is_not_read_any_more_stops_and_blames_no_message()
    {
        await Account.Policies.SetAsync(new() { Name = "p", Queues = "*", MaxDeliveries = 1 }, Token);
        await Account.Queue("q").PutManyAsync(["1", "2", "3"], ForEver, Token);
        var claim = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "Burrow.Cli.dll")}' claim q --url {Server.Address} --account shop";
        await Commands.RunAsync("sh", $"-c \"{claim} --exec 'seq 100000' | head -1\"", Path.GetTempPath());

        // The first message was done. The second one may have been, too.
        (await IdsAsync("q")).Count.ShouldBeInRange(1, 2);
        (await Account.Queue("q").DeadLetters.ListAsync(Token).AnyAsync(Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task Ctrl_c_on_a_terminal_lets_the_commands_of_a_worker_end_their_work_and_a_second_one_ends_them()
    {
        await Account.Queue("q").PutAsync("finishes", ForEver, Token);
        using (var worker = StartGroup("claim", "q", "--exec", "echo begun; sleep 1; echo finished"))
        {
            await worker.PrintedAsync("begun");
            await worker.InterruptGroupAsync();
            (await worker.EndAsync()).ShouldSatisfyAllConditions(
                end => end.ExitCode.ShouldBe(0, end.Error), end => end.Output.ShouldEndWith("finished\n"));
        }

        await Account.Queue("q").PutAsync("never finishes", ForEver with { Id = "x" }, Token);
        using (var worker = StartGroup("claim", "q", "--exec", "echo begun; sleep 600"))
        {
            await worker.PrintedAsync("begun");
            await worker.InterruptGroupAsync();
            await worker.PrintedAsync("Stopping after the commands that run.");
            await worker.InterruptGroupAsync();
            (await worker.EndAsync()).ExitCode.ShouldBe(0);
        }

        // It was given back: visible, as if it had not been delivered.
        var left = await Account.Queue("q").ListAsync(cancellationToken: Token).ToListAsync(Token);
        left.ConvertAll(message => (message.Id, message.Deliveries)).ShouldBe([("x", 0)]);
    }

    [Theory]
    [InlineData("--jobs: '0' is not a whole number from 1 to 1000.", "claim", "q", "--exec", "true", "--jobs", "0")]
    [InlineData("--limit: '0' is not a whole number from 1 to 1000.", "take", "q", "--limit", "0")]
    [InlineData("--hide is 2 s or more.", "claim", "q", "--exec", "true", "--hide", "1")]
    [InlineData("--exec needs a command", "claim", "q", "--exec", "")]
    [InlineData("Name a queue", "claim", "", "--exec", "true")]
    [InlineData("--size: '-1' is not a whole number from 0 to 1048576.", "bench", "--size", "-1")]
    [InlineData("Say what is to change: --ttl or --hide.", "update", "q", "x")]
    [InlineData("Name the profile.", "profile", "--delete")]
    [InlineData("'nonsense' is no address", "profile", "x", "--url", "nonsense")]
    public async Task What_makes_no_sense_is_told_in_the_words_of_the_command_line(string error, params string[] arguments)
    {
        var ended = await RunAsync(arguments);
        ended.ExitCode.ShouldBe(2);
        ended.Error.ShouldContain(error);
        ended.Error.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_bench_without_a_service_fails_and_a_profile_without_a_value_is_none()
    {
        (await RunAsync("bench", "--url", "http://127.0.0.1:1", "--seconds", "1")).ExitCode.ShouldBe(4);
        Directory.CreateDirectory(Folder.File("config/burrow"));
        await File.WriteAllTextAsync(Folder.File("config/burrow/profiles.json"), "{\"default\":null}", Token);
        (await RunAsync("profile")).ExitCode.ShouldBe(3);
        (await RunAsync("queues")).ExitCode.ShouldBe(3);
    }

    [Fact]
    public async Task What_a_terminal_would_take_for_a_command_is_not_printed()
    {
        await Account.Queue("q\u001b]0;x\u0007").PutAsync("x", ForEver with { Id = "a\u001b[31m" }, Token);
        (await RunAsync("queues")).Output.ShouldBe("q ]0;x \n");
        (await RunAsync("tail", "q\u001b]0;x\u0007", "-n", "1")).Output.ShouldContain(" a [31m  x");
    }

    private async Task<List<string>> IdsAsync(string queue) =>
        await Account.Queue(queue).ListAsync(new() { IncludeHidden = true }, Token).Select(message => message.Id).ToListAsync(Token);

    /// <summary>Starts the command line in a group of processes of its own, as a terminal does.</summary>
    private CliProcess StartGroup(params string[] arguments) => CliProcess.StartGroup(
        new Dictionary<string, string> { ["BURROW_URL"] = Server.Address.AbsoluteUri, ["BURROW_ACCOUNT"] = "shop" }, arguments);

    /// <summary>Another service, which keeps the keys that it is sent.</summary>
    private sealed class Listener : LoopbackServer
    {
        public System.Collections.Concurrent.ConcurrentQueue<string> Keys { get; } = new();

        public static Task<Listener> StartAsync()
        {
            var listener = new Listener();
            return StartAsync(listener, app => app.MapFallback((HttpRequest request) =>
            {
                listener.Keys.Enqueue(request.Headers.Authorization.ToString());
                return Results.StatusCode(StatusCodes.Status401Unauthorized);
            }));
        }
    }
}

using System.Net;
using System.Text;
using Burrow.Local;
using Burrow.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Burrow.Tests.Local;

/// <summary>The local process seen from outside: started, stopped, killed, misused.</summary>
public sealed class LocalProcessTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("burrow-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Sqlite => $"sqlite:{Path.Combine(folder.FullName, "burrow.db")}";

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task It_says_where_it_listens_and_stores_and_logs_a_line_per_request_without_its_query()
    {
        await using var burrow = await BurrowProcess.StartAsync(Sqlite);

        await burrow.Http.PutAsync("v1.0/a/q/m?ttl=77", new StringContent("secret body"), Token);
        await burrow.InterruptAsync();
        await burrow.ExitAsync();

        burrow.Output.ShouldContain($"Burrow listens on {burrow.Address.GetLeftPart(UriPartial.Authority)}");
        burrow.Output.ShouldContain($"Burrow stores in {folder.FullName}");
        burrow.Output.ShouldContain("PUT /v1.0/a/q/m 201");
        burrow.Output.ShouldNotContain("ttl=77");
        burrow.Output.ShouldNotContain("secret body");
    }

    [Fact]
    public async Task Killed_and_started_again_it_has_every_message_that_it_acknowledged()
    {
        var acknowledged = new List<string>();
        for (var round = 0; round < 3; round++)
        {
            await using var burrow = await BurrowProcess.StartAsync(Sqlite);
            var enough = new TaskCompletionSource();
            var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
            {
                try
                {
                    for (var i = 0; ; i++)
                    {
                        var id = $"{round}-{writer}-{i}";
                        var answer = await burrow.Http.PutAsync($"v1.0/a/q/{id}?ttl=0", new StringContent(id));
                        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
                        lock (acknowledged)
                        {
                            acknowledged.Add(id);
                            if (acknowledged.Count > (round + 1) * 300)
                                enough.TrySetResult();
                        }
                    }
                }
                catch (HttpRequestException)
                {
                    // The process was killed.
                }
            })).ToList();
            await enough.Task;
            await burrow.KillAsync();
            await Task.WhenAll(writers);
        }

        await using var last = await BurrowProcess.StartAsync(Sqlite);
        var there = await last.Http.GetStringAsync("v1.0/a/q?detail=id", Token);
        acknowledged.ShouldAllBe(id => there.Contains($"\"{id}\""));
    }

    [Fact]
    public async Task A_second_process_on_the_same_file_says_so_and_exits()
    {
        await using var first = await BurrowProcess.StartAsync(Sqlite);
        await using var second = await BurrowProcess.StartAsync(Sqlite);

        (await second.ExitAsync()).ShouldBe(1);
        second.Output.ShouldContain("Another process uses");
        (await first.Http.GetAsync("", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        var file = Path.Combine(folder.FullName, "notes.txt");
        await File.WriteAllTextAsync(file, "my notes, not yours", Token);

        await using var burrow = await BurrowProcess.StartAsync($"sqlite:{file}");

        (await burrow.ExitAsync()).ShouldBe(1);
        burrow.Output.ShouldContain("can't be opened");
        (await File.ReadAllTextAsync(file, Token)).ShouldBe("my notes, not yours");
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused_and_left_as_it_is()
    {
        var file = Path.Combine(folder.FullName, "other.db");
        await using (var other = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            await other.OpenAsync(Token);
            await using var command = other.CreateCommand();
            command.CommandText = "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)";
            await command.ExecuteNonQueryAsync(Token);
        }

        var before = await File.ReadAllBytesAsync(file, Token);

        await using var burrow = await BurrowProcess.StartAsync($"sqlite:{file}");

        (await burrow.ExitAsync()).ShouldBe(1);
        burrow.Output.ShouldContain("the database of another program");
        (await File.ReadAllBytesAsync(file, Token)).ShouldBe(before);
    }

    [Fact]
    public async Task A_second_process_by_another_name_of_the_file_is_refused_too()
    {
        await using var first = await BurrowProcess.StartAsync(Sqlite);
        var link = Path.Combine(folder.FullName, "link.db");
        File.CreateSymbolicLink(link, Path.Combine(folder.FullName, "burrow.db"));

        await using var second = await BurrowProcess.StartAsync($"sqlite:{link}");

        (await second.ExitAsync()).ShouldBe(1);
        second.Output.ShouldContain("Another process uses");
    }

    [Fact]
    public async Task Stopped_it_leaves_one_file_with_everything_in_it()
    {
        await using (var burrow = await BurrowProcess.StartAsync(Sqlite))
        {
            await burrow.Http.PutAsync("v1.0/a/q/m?ttl=0", new StringContent("x"), Token);
            await burrow.InterruptAsync();
            await burrow.ExitAsync();
        }

        folder.GetFiles().Select(file => file.Name).Order().ShouldBe(["burrow.db", "burrow.db-lock"]);
    }

    [Theory]
    [InlineData("sqlite:/nonexistent/folder/burrow.db", "/nonexistent/folder")]
    [InlineData("azure:garbage", "Burrow can't start")]
    public async Task What_keeps_it_from_starting_is_said_in_one_line(string tables, string reason)
    {
        await using var burrow = await BurrowProcess.StartAsync(tables);

        (await burrow.ExitAsync()).ShouldBe(1);
        burrow.Output.ShouldContain(reason);
        burrow.Output.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("--tables", "redis")]
    [InlineData("--tables", "sqlite:")]
    [InlineData("--urls", "https://127.0.0.1:0")]
    [InlineData("--urls", "nonsense")]
    [InlineData("--urls", "")]
    [InlineData("--urls", ";")]
    [InlineData("--urls", "http://user@127.0.0.1:0")]
    [InlineData("--urls", "http://127.0.0.1:0#x")]
    [InlineData("--urls", "http://some.host:7071")]
    [InlineData("--urls", "http://*:7071")]
    [InlineData("--urls", "http://localhost:0")]
    [InlineData("--urls", "http://127.0.0.1:0;http://some.host:7071")]
    [InlineData("--host", "")]
    [InlineData("--host", "http://x")]
    [InlineData("--nonsense", "")]
    public async Task A_wrong_option_is_named_and_nothing_starts(string option, string value)
    {
        var error = new StringWriter();
        var parsed = CommandLine.Create((_, _) => throw new InvalidOperationException("It ran.")).Parse([option, value]);

        (await parsed.InvokeAsync(new() { Error = error, Output = TextWriter.Null }, Token)).ShouldBe(1);

        error.ToString().ShouldContain(option);
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        var output = new StringWriter();

        await CommandLine.Create((_, _) => Task.FromResult(0)).Parse(["--help"]).InvokeAsync(new() { Output = output }, Token);

        foreach (var option in (string[])["--urls", "--tables", "--host", "--no-sync", "127.0.0.1:7071", "azure:{connection string}"])
            output.ToString().ShouldContain(option);
    }

    [Fact]
    public async Task Interrupted_it_finishes_what_is_under_way_and_stops()
    {
        await using var burrow = await BurrowProcess.StartAsync(Sqlite);
        var body = new PausedContent();
        using var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(burrow.Address, "v1.0/a/q/m?ttl=0")) { Content = body };
        // The client sends the body once the server has begun to read it.
        request.Headers.ExpectContinue = true;
        var put = client.SendAsync(request, Token);
        await body.Begun.Task;
        await burrow.InterruptAsync();
        body.Rest.SetResult();

        (await put).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await burrow.ExitAsync()).ShouldBe(0);
        burrow.Output.ShouldContain("Burrow has stopped.");
        await using var again = await BurrowProcess.StartAsync(Sqlite);
        (await again.Http.GetStringAsync("v1.0/a/q/m?detail=body", Token)).ShouldBe("first half, second half");
    }

    /// <summary>A body whose second half is sent when the test says so.</summary>
    private sealed class PausedContent : HttpContent
    {
        public TaskCompletionSource Begun { get; } = new();

        public TaskCompletionSource Rest { get; } = new();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("first half, "));
            await stream.FlushAsync();
            Begun.SetResult();
            await Rest.Task;
            await stream.WriteAsync(Encoding.UTF8.GetBytes("second half"));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

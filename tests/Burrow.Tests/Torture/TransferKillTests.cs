using System.Text.Json;
using Burrow.Client;
using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>
/// The command line moves and imports messages and is killed at random, while another client takes them at the other end. Each arrives
/// once, in order.
/// </summary>
public sealed class TransferKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly Random random = new(TortureSize.Seed);
    private BurrowProcess burrow = null!;
    private BurrowClient client = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private BurrowQueue<string> From => client.Account("shop").Queue("from");

    private BurrowQueue<string> To => client.Account("shop").Queue("to");

    public async ValueTask InitializeAsync()
    {
        burrow = await BurrowProcess.StartAsync($"sqlite:{folder.File("burrow.db")}", null, "--no-sync");
        client = new(burrow.Address);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await burrow.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_move_that_is_killed_goes_on_and_each_message_arrives_once_in_order()
    {
        await PutAllAsync();
        var taking = TakeAllAsync();

        await RunAndKillAsync("move", "from", "to");

        (await taking).ShouldBe(Enumerable.Range(0, TortureSize.TransferredMessages));
        (await From.ListAsync(new() { IncludeHidden = true }, Token).AnyAsync(Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_export_and_an_import_that_are_killed_go_on_and_nothing_is_missing_or_there_twice()
    {
        await PutAllAsync();
        var file = folder.File("from.ndjson");

        await RunAndKillAsync("export", "from", file);

        var lines = await File.ReadAllLinesAsync(file, Token);
        lines.Select(line => int.Parse(JsonDocument.Parse(line).RootElement.GetProperty("body").GetString()!)).ShouldBe(
            Enumerable.Range(0, TortureSize.TransferredMessages));
        var taking = TakeAllAsync();
        await RunAndKillAsync("import", "to", file);
        (await taking).ShouldBe(Enumerable.Range(0, TortureSize.TransferredMessages));
    }

    private Task PutAllAsync() => From.PutManyAsync(
        Enumerable.Range(0, TortureSize.TransferredMessages).Select(i => $"{i}"), new() { Ttl = Timeout.InfiniteTimeSpan }, Token);

    /// <summary>Takes messages until the last one is there, and a moment longer.</summary>
    private async Task<List<int>> TakeAllAsync()
    {
        var taken = new List<int>();
        while (taken.Count == 0 || taken[^1] < TortureSize.TransferredMessages - 1)
            taken.AddRange((await To.TakeAsync(1_000, TimeSpan.FromSeconds(1), Token)).Select(message => int.Parse(message.Body)));
        taken.AddRange((await To.TakeAsync(1_000, TimeSpan.FromSeconds(2), Token)).Select(message => int.Parse(message.Body)));
        return taken;
    }

    /// <summary>Runs a command again and again, and kills it some times in the middle.</summary>
    private async Task RunAndKillAsync(params string[] arguments)
    {
        for (var kills = 0; ; kills++)
        {
            using var process = CliProcess.Start(
                new Dictionary<string, string>
                {
                    ["BURROW_URL"] = burrow.Address.AbsoluteUri,
                    ["BURROW_ACCOUNT"] = "shop",
                    ["XDG_CONFIG_HOME"] = folder.File("config"),
                },
                arguments);
            var ending = process.EndAsync();
            if (kills < TortureSize.KillsOfTransfers)
            {
                await Task.WhenAny(ending, Task.Delay(random.Next(200, TortureSize.LongestTransfer), Token));
                process.Kill();
            }

            var (exitCode, printed, error) = await ending;
            if (exitCode == 0)
            {
                output.WriteLine($"{string.Join(' ', arguments)}: {kills} kills; {printed}");
                return;
            }

            exitCode.ShouldBe(137, $"{printed}{error}");
        }
    }
}

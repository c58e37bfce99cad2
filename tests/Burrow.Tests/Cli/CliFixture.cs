using Burrow.Client;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;

namespace Burrow.Tests.Cli;

/// <summary>Runs the command line against the local process's app.</summary>
public abstract class CliFixture : IAsyncLifetime
{
    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected TemporaryFolder Folder { get; } = new();

    private protected LocalServer Server { get; private set; } = null!;

    /// <summary>The account that the command line uses, by the client.</summary>
    private protected BurrowAccount Account { get; private set; } = null!;

    private BurrowClient client = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await LocalServer.StartAsync(new MemoryTableStore());
        client = new(Server.Address);
        Account = client.Account("shop");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Server.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync(arguments, "");

    private protected async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string[] arguments, string input, params (string Name, string Value)[] environment)
    {
        using var process = Start(arguments, environment);
        process.Type(input);
        return await process.EndAsync();
    }

    private protected CliProcess Start(params string[] arguments) => Start(arguments, []);

    private protected CliProcess Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var all = new Dictionary<string, string>
        {
            ["BURROW_URL"] = Server.Address.AbsoluteUri,
            ["BURROW_ACCOUNT"] = "shop",
            ["XDG_CONFIG_HOME"] = Folder.File("config"),
        };
        foreach (var (name, value) in environment)
            all[name] = value;
        return CliProcess.Start(all, arguments);
    }

    /// <summary>Runs a command until it prints this.</summary>
    private protected async Task<(int ExitCode, string Output, string Error)> WaitForAsync(string[] arguments, string printed)
    {
        while (true)
        {
            if (await RunAsync(arguments) is var found && found.Output.Contains(printed, StringComparison.Ordinal))
                return found;
            Token.ThrowIfCancellationRequested();
        }
    }
}

namespace Burrow.Tests.Support;

/// <summary>The local process, started as the command line starts it.</summary>
internal sealed class BurrowProcess : IAsyncDisposable
{
    private readonly ListeningProcess process;

    private BurrowProcess(ListeningProcess process)
    {
        this.process = process;
        Http = new HttpClient { BaseAddress = process.Address };
    }

    /// <summary>Where the process said that it listens.</summary>
    public Uri Address => process.Address!;

    public HttpClient Http { get; }

    /// <summary>The process's id.</summary>
    public int Id => process.Id;

    /// <summary>What the process has printed so far, or the first part of it if only that is kept.</summary>
    public string Output => process.Output;

    /// <summary>Starts the process on a free port. Waits until it says where it listens, or has ended.</summary>
    public static Task<BurrowProcess> StartAsync(string tables, string? prefix = null, params string[] arguments)
    {
        var environment = new Dictionary<string, string?>();
        if (prefix is not null)
            environment["Burrow__Storage__TablePrefix"] = prefix;
        return StartAsync(tables, environment, null, int.MaxValue, arguments);
    }

    /// <inheritdoc cref="StartAsync(string, string?, string[])"/>
    /// <param name="tables">The value of <c>--tables</c>.</param>
    /// <param name="environment">Environment variables in addition to those of this process; null removes a variable.</param>
    /// <param name="folder">The working folder; null for the folder of temporary files.</param>
    /// <param name="kept">How many characters of the output are kept.</param>
    /// <param name="arguments">More arguments of the command line.</param>
    public static async Task<BurrowProcess> StartAsync(
        string tables, IReadOnlyDictionary<string, string?> environment, string? folder, int kept, params string[] arguments) => new(
        await ListeningProcess.StartAsync(
            "Burrow.Local.dll", ["--urls", "http://127.0.0.1:0", "--tables", tables, .. arguments], environment, folder, kept));

    /// <summary>Starts the process at the address of one that has ended.</summary>
    public static async Task<BurrowProcess> StartAgainAsync(
        string tables, Uri address, IReadOnlyDictionary<string, string?>? environment = null) => new(
        await ListeningProcess.StartAsync(
            "Burrow.Local.dll",
            ["--urls", address.AbsoluteUri, "--tables", tables],
            environment ?? new Dictionary<string, string?>()));

    /// <summary>Sends <c>kill -9</c>.</summary>
    public Task KillAsync() => process.KillAsync();

    /// <summary>Sends the signal that Ctrl-C sends. Returns once it is sent.</summary>
    public Task InterruptAsync() => process.SignalAsync("INT");

    /// <summary>Waits for the end of the process.</summary>
    /// <returns>The exit code, once all output is read.</returns>
    public Task<int> ExitAsync() => process.ExitAsync();

    /// <summary>Called with the output of each process when it is disposed.</summary>
    public static Action<string> Printed { get; set; } = _ => { };

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        Printed(process.Output);
        return process.DisposeAsync();
    }
}

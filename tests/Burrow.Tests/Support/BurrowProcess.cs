namespace Burrow.Tests.Support;

/// <summary>The local process, started for real, as the command line does it.</summary>
internal sealed class BurrowProcess : IAsyncDisposable
{
    private readonly ListeningProcess process;

    private BurrowProcess(ListeningProcess process)
    {
        this.process = process;
        Http = new HttpClient { BaseAddress = process.Address };
    }

    /// <summary>Where it said that it listens.</summary>
    public Uri Address => process.Address!;

    public HttpClient Http { get; }

    /// <summary>The process's id.</summary>
    public int Id => process.Id;

    /// <summary>All that it printed so far; or the first of it, if only that is kept.</summary>
    public string Output => process.Output;

    /// <summary>Starts it on a free port and waits until it says where it listens, or has ended.</summary>
    public static Task<BurrowProcess> StartAsync(string tables, string? prefix = null, params string[] arguments)
    {
        var environment = new Dictionary<string, string?>();
        if (prefix is not null)
            environment["Burrow__Storage__TablePrefix"] = prefix;
        return StartAsync(tables, environment, null, int.MaxValue, arguments);
    }

    /// <inheritdoc cref="StartAsync(string, string?, string[])"/>
    /// <param name="tables">Its <c>--tables</c>.</param>
    /// <param name="environment">Variables besides those of this process; null takes one away.</param>
    /// <param name="folder">Where it works; null: among the temporary files.</param>
    /// <param name="kept">How many characters of its output are kept.</param>
    /// <param name="arguments">More of its command line.</param>
    public static async Task<BurrowProcess> StartAsync(
        string tables, IReadOnlyDictionary<string, string?> environment, string? folder, int kept, params string[] arguments) => new(
        await ListeningProcess.StartAsync(
            "Burrow.Local.dll", ["--urls", "http://127.0.0.1:0", "--tables", tables, .. arguments], environment, folder, kept));

    /// <summary><c>kill -9</c>.</summary>
    public Task KillAsync() => process.KillAsync();

    /// <summary>What Ctrl-C does. Returns once the signal is sent.</summary>
    public Task InterruptAsync() => Commands.RunAsync("kill", $"-INT {process.Id}", Path.GetTempPath());

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code, when all that it printed was read.</returns>
    public Task<int> ExitAsync() => process.ExitAsync();

    /// <summary>Told all that each printed, when it is over.</summary>
    public static Action<string> Printed { get; set; } = _ => { };

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        Printed(process.Output);
        return process.DisposeAsync();
    }
}

namespace Burrow.Tests.Support;

/// <summary>
/// The published function app, run by the small Functions host as a process (docs/design/functions-host.md). It stores in Azurite.
/// </summary>
internal sealed class FunctionApp : IAsyncDisposable
{
    private readonly ListeningProcess host;

    private FunctionApp(ListeningProcess host)
    {
        this.host = host;
        Http = new HttpClient { BaseAddress = host.Address };
    }

    /// <summary>Where the host listens; null: it ended before it did.</summary>
    public Uri? Address => host.Address;

    public HttpClient Http { get; }

    /// <summary>The host's process id. The worker is its child.</summary>
    public int Id => host.Id;

    /// <summary>What the host and the worker have printed so far.</summary>
    public string Output => host.Output;

    /// <summary>Starts the host on a free port. Waits until the functions are loaded, or the host has ended.</summary>
    /// <param name="connectionString">The storage.</param>
    /// <param name="prefix">The prefix of its tables.</param>
    /// <param name="settings">More settings, as environment variables; null removes one.</param>
    public static async Task<FunctionApp> StartAsync(
        string connectionString, string prefix, params IEnumerable<(string Name, string? Value)> settings) =>
        await StartAsync(connectionString, prefix, [], settings);

    /// <inheritdoc cref="StartAsync(string, string, IEnumerable{ValueTuple{string, string?}})"/>
    /// <param name="arguments">More options of the host.</param>
    public static async Task<FunctionApp> StartAsync(
        string connectionString, string prefix, string[] arguments, IEnumerable<(string Name, string? Value)> settings)
    {
        var environment = new Dictionary<string, string?>
        {
            ["Burrow__Storage__ConnectionString"] = connectionString,
            ["Burrow__Storage__TablePrefix"] = prefix,
            ["Burrow__Access__Mode"] = "Open",
            ["Burrow__Access__AllowAnyoneToReadAndDeleteEverything"] = "true",
            // Once a year, unless a test says otherwise.
            ["Burrow__ExpirySchedule"] = "0 0 0 1 1 *",
            ["Burrow__Events__ReconcileSchedule"] = "0 0 0 1 1 *",
        };
        foreach (var (name, value) in settings)
            environment[name] = value;
        return await StartAsync("function-app", arguments, environment);
    }

    /// <summary>Starts the host with any function app.</summary>
    /// <param name="folder">Where the app was published to: a folder beside this program.</param>
    /// <param name="arguments">More options of the host.</param>
    /// <param name="environment">The settings, as environment variables.</param>
    public static async Task<FunctionApp> StartAsync(
        string folder, string[] arguments, IReadOnlyDictionary<string, string?> environment) => new(await ListeningProcess.StartAsync(
        "Burrow.FunctionsHost.dll",
        ["--app", Path.Combine(AppContext.BaseDirectory, folder), "--url", "http://127.0.0.1:0", .. arguments],
        environment));

    /// <summary>Sends the host SIGTERM. Returns once it is sent.</summary>
    public Task TerminateAsync() => host.SignalAsync("TERM");

    /// <summary>Sends the host and the worker <c>kill -9</c>, as if their instance were lost.</summary>
    public Task KillAsync() => host.KillAsync();

    /// <summary>Waits for the end of the host, which ends after the worker.</summary>
    /// <returns>The host's exit code.</returns>
    public Task<int> ExitAsync() => host.ExitAsync();

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return host.DisposeAsync();
    }
}

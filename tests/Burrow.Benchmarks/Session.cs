namespace Burrow.Benchmarks;

/// <summary>
/// What the benchmarks of one run share: sizes, and the processes under test. A process starts when the first benchmark needs it.
/// It runs to the end, like a user's process.
/// </summary>
internal sealed class Session(double seconds, int runs) : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<IAsyncDisposable> started = [];
    private Task<Server>? memory;
    private Task<Server>? sqlite;
    private Task<ListeningProcess>? bare;
    private Task<ListeningProcess>? tables;
    private Task<AzuriteProcess>? azurite;
    private int disposed;

    /// <summary>How long one run takes.</summary>
    public TimeSpan Time => TimeSpan.FromSeconds(seconds);

    /// <summary>How many runs each figure has.</summary>
    public int Runs => runs;

    /// <summary>The number of operations in one run, for benchmarks that count operations instead of time; at least 1.</summary>
    public int Scale(double perSecond) => Math.Max(1, (int)(perSecond * seconds));

    public Task<Server> MemoryAsync() => memory ??= StartAsync("memory", "memory");

    /// <summary>
    /// As by default, the file is in the working folder of the process, and each commit waits until the data is on disk.
    /// </summary>
    public Task<Server> SqliteAsync() => sqlite ??= StartAsync("sqlite", "sqlite:burrow.db");

    /// <summary>Starts another process.</summary>
    public async Task<Server> StartAsync(string name, string tables, params (string Name, string Value)[] environment) =>
        Keep(await Server.StartAsync(name, tables, NewFolder(), environment));

    /// <summary>The address of the bare endpoint.</summary>
    public Task<Uri> BareAsync() => AddressOf(bare ??= StartAsync(Floors.BareEndpoint.Command));

    /// <summary>The address of the table server.</summary>
    public Task<Uri> TablesAsync() => AddressOf(tables ??= StartAsync(Tables.TableServer.Command));

    /// <summary>The connection string of an Azurite.</summary>
    public async Task<string> AzuriteAsync() => Keep(await (azurite ??= AzuriteProcess.StartAsync())).ConnectionString;

    /// <summary>Ends the processes. Operations that are under way then fail.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
            return;
        foreach (var one in started.AsEnumerable().Reverse())
            await one.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>A new folder for each process, because a host watches its working folder for changed settings.</summary>
    private string NewFolder() => Directory.CreateDirectory(folder.File(Guid.NewGuid().ToString("n"))).FullName;

    /// <summary>Starts this program with a hidden command.</summary>
    private Task<ListeningProcess> StartAsync(string command) => ListeningProcess.StartAsync(
        "Burrow.Benchmarks.dll", [command], new Dictionary<string, string?> { [Runtime.InlineCompletions] = null }, NewFolder());

    private async Task<Uri> AddressOf(Task<ListeningProcess> starting)
    {
        var process = Keep(await starting);
        return process.Address ?? throw new BenchmarkException($"A process didn't start: {process.Output}");
    }

    private T Keep<T>(T process) where T : IAsyncDisposable
    {
        if (!started.Contains(process))
            started.Add(process);
        return process;
    }
}

namespace Burrow.Benchmarks;

/// <summary>
/// What the benchmarks of one run share: sizes, and the processes under test, each started when the first asks for it and
/// the same to the end, as a user's would be.
/// </summary>
internal sealed class Session(double seconds, int runs) : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<IAsyncDisposable> started = [];
    private Task<Server>? memory;
    private Task<Server>? sqlite;
    private Task<ListeningProcess>? bare;
    private Task<AzuriteProcess>? azurite;
    private int disposed;

    /// <summary>How long one run takes.</summary>
    public TimeSpan Time => TimeSpan.FromSeconds(seconds);

    /// <summary>How many runs there are of each figure.</summary>
    public int Runs => runs;

    /// <summary>A part of what was asked for, where a benchmark goes by numbers.</summary>
    public int Scale(double perSecond) => Math.Max(1, (int)(perSecond * seconds));

    public Task<Server> MemoryAsync() => memory ??= StartAsync("memory", "memory");

    /// <summary>As by default, the file is in the folder that it is started in; each commit is waited for until the disk has it.</summary>
    public Task<Server> SqliteAsync() => sqlite ??= StartAsync("sqlite", "sqlite:burrow.db");

    /// <summary>Another one.</summary>
    public async Task<Server> StartAsync(string name, string tables, params (string Name, string Value)[] environment) =>
        Keep(await Server.StartAsync(name, tables, NewFolder(), environment));

    /// <summary>The address of the bare endpoint.</summary>
    public async Task<Uri> BareAsync()
    {
        bare ??= ListeningProcess.StartAsync(
            "Burrow.Benchmarks.dll",
            [Floors.BareEndpoint.Command],
            new Dictionary<string, string?> { [Runtime.InlineCompletions] = null },
            NewFolder());
        return Keep(await bare).Address ?? throw new BenchmarkException($"The bare endpoint didn't start: {(await bare).Output}");
    }

    /// <summary>The connection string of an Azurite.</summary>
    public async Task<string> AzuriteAsync() => Keep(await (azurite ??= AzuriteProcess.StartAsync())).ConnectionString;

    /// <summary>Ends the processes, whatever is under way: then it fails.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
            return;
        foreach (var one in started.AsEnumerable().Reverse())
            await one.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Each process has one of its own, as a host watches the folder that it is started in for changed settings.</summary>
    private string NewFolder() => Directory.CreateDirectory(folder.File(Guid.NewGuid().ToString("n"))).FullName;

    private T Keep<T>(T process) where T : IAsyncDisposable
    {
        if (!started.Contains(process))
            started.Add(process);
        return process;
    }
}

using Burrow.Tests.Support;

namespace Burrow.Tests.Torture;

/// <summary>Two deployments far from each other: the line between them is slow, cut at random places, and dead for a while.</summary>
internal sealed class FarApart : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly AzuriteProcess? other;
    private readonly Random random;
    private readonly int processes;

    private FarApart(
        TemporaryFolder folder, AzuriteProcess? other, Deployment near, Deployment far, CuttingProxy line, Random random, int processes)
    {
        (this.folder, this.other, this.random, this.processes) = (folder, other, random, processes);
        (Near, Far, Line) = (near, far, line);
    }

    /// <summary>The deployment that relays.</summary>
    public Deployment Near { get; }

    /// <summary>The deployment that is relayed to.</summary>
    public Deployment Far { get; }

    /// <summary>The way from the first to the other one.</summary>
    public CuttingProxy Line { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="engine">What tables each has of its own: <c>sqlite</c> or <c>azurite</c>.</param>
    /// <param name="processes">How many processes each has.</param>
    /// <param name="azurite">The tables of the first one, with <c>azurite</c>: those of the test run.</param>
    /// <param name="random">Decides where connections are cut, and when processes are killed.</param>
    public static async Task<FarApart> StartAsync(string engine, int processes, Azurite azurite, Random random)
    {
        var folder = new TemporaryFolder();
        var other = engine == "azurite" ? await Azurite.WithNodeAsync(AzuriteProcess.StartAsync) : null;
        var near = await Deployment.StartAsync(await TablesAsync("near"), processes);
        var far = await Deployment.StartAsync(await TablesAsync("far"), processes);
        var line = new CuttingProxy(far.Addresses[0], random, 300_000)
        {
            LongestDelay = TimeSpan.FromMilliseconds(300),
            BufferBytes = 64 * 1024,
        };
        return new(folder, other, near, far, line, random, processes);

        async Task<(string, string?)> TablesAsync(string name) => other is null
            ? ($"sqlite:{folder.File(name + ".db")}", null)
            : ("azure:" + (name == "far" ? other.ConnectionString : await azurite.ConnectionStringAsync()), Stores.NewPrefix());
    }

    /// <summary>Puts the relay <c>r</c> of all queues.</summary>
    public Task RelayAsync(string mode) =>
        Near.SendAsync(HttpMethod.Put, "relays/a/r", $$"""{"queues":"*","to":"{{Line.Address}}","mode":"{{mode}}"}""");

    /// <summary>Kills processes of both sides, and the line, while work is done.</summary>
    public async Task TormentAsync()
    {
        for (var kill = 0; kill < TortureSize.KillsOfRelays; kill++)
        {
            await Task.Delay(Next(300, 2500), Token);
            await Near.KillAsync(Next(0, processes));
            await Task.Delay(Next(300, 2500), Token);
            await Far.KillAsync(Next(0, processes));
            if (kill != TortureSize.KillsOfRelays / 2)
                continue;
            Line.IsBlackedOut = true;
            await Task.Delay(TortureSize.Blackout, Token);
            Line.IsBlackedOut = false;
        }
    }

    /// <summary>Whether nothing waits to be sent.</summary>
    public async Task<bool> IsQuietAsync() =>
        await Near.GetAsync("relays/a/r") is { } relay
        && relay.GetProperty("links").EnumerateArray().All(link => link.GetProperty("messages").GetInt64() == 0);

    /// <summary>A number by chance. The source is for one caller at a time.</summary>
    public int Next(int from, int before)
    {
        lock (random)
            return random.Next(from, before);
    }

    public async ValueTask DisposeAsync()
    {
        await Line.DisposeAsync();
        await Far.DisposeAsync();
        await Near.DisposeAsync();
        if (other is not null)
            await other.DisposeAsync();
        folder.Dispose();
    }
}

using Burrow.Client;

namespace Burrow.Tests.Support;

/// <summary>One server for all tests of a class, on a new store, with a clock that stands still.</summary>
public abstract class ServerFixture : IAsyncLifetime
{
    /// <summary>The server's clock.</summary>
    internal abstract ITestTime Time { get; }

    /// <summary>Where it listens: <c>http://127.0.0.1:{port}/</c>.</summary>
    internal abstract Uri Address { get; }

    /// <summary>Whether the Functions host decides on a request before Burrow does (docs/reference/limits.md).</summary>
    internal virtual bool IsBehindHost => false;

    /// <summary>A new client of it.</summary>
    internal BurrowClient NewClient() => new(ClientAddress, new NudgingHandler(NewHandler(), Time), new() { Time = Time as TimeProvider });

    /// <summary>Where a client addresses it.</summary>
    private protected virtual Uri ClientAddress => Address;

    /// <summary>Sends a client's requests.</summary>
    private protected virtual HttpMessageHandler NewHandler() => new SocketsHttpHandler();

    public abstract ValueTask InitializeAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>The local process's app in this process.</summary>
public abstract class LocalServerFixture(StoreKind kind, Azurite azurite) : ServerFixture
{
    private readonly TestTime time = new();
    private TestStore? store;
    private LocalServer? server;

    internal override ITestTime Time => time;

    internal override Uri Address => server!.Address;

    public override async ValueTask InitializeAsync()
    {
        store = await Stores.NewAsync(kind, azurite);
        server = await LocalServer.StartAsync(store.Store, time);
    }

    public override async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        store?.Dispose();
        await base.DisposeAsync();
    }
}

public sealed class MemoryServer(Azurite azurite) : LocalServerFixture(StoreKind.Memory, azurite);

public sealed class SqliteServer(Azurite azurite) : LocalServerFixture(StoreKind.Sqlite, azurite);

/// <summary>
/// Most tests that use the function app run one after another, with one host and one worker: to start them takes longer than a whole class
/// of these tests. Each test has an account of its own. One that needs a fresh clock has its own host.
/// </summary>
[CollectionDefinition(nameof(FunctionAppCollection))]
public sealed class FunctionAppCollection : ICollectionFixture<FunctionAppServer>;

/// <summary>
/// So do those that list or empty all accounts, with another host: what they do takes longer the more accounts there are.
/// </summary>
[CollectionDefinition(nameof(FunctionAppOfFewAccounts))]
public sealed class FunctionAppOfFewAccounts : ICollectionFixture<FunctionAppServer>;

/// <summary>The published function app, which the small Functions host runs, on Azurite.</summary>
public sealed class FunctionAppServer(Azurite azurite) : ServerFixture
{
    private readonly RemoteTime time = new("Burrow.Functions");
    private FunctionApp? app;

    internal override ITestTime Time => time;

    internal override Uri Address => app!.Address!;

    internal override bool IsBehindHost => true;

    public override async ValueTask InitializeAsync()
    {
        // While the clock stands still, no second of requests is ever over.
        app = await FunctionApp.StartAsync(
            await azurite.ConnectionStringAsync(),
            Stores.NewPrefix(),
            [("Burrow__Quotas__RequestsPerSecond", "1000000"), .. time.Environment]);
        app.Address.ShouldNotBeNull(app.Output);
        // The first request of each kind takes so long that a test would take it for one that needs the clock to move.
        (string Method, string Target)[] first =
        [
            ("PUT", "v1.0/first/q/m?ttl=9"),
            ("POST", "batch/first/q"),
            ("GET", "v1.0"),
            ("GET", "v1.0/first"),
            ("GET", "v1.0/first/q"),
            ("POST", "v1.0/first/q?limit=1&hide=9&detail=all"),
            ("GET", "v1.0/first/q/m"),
            ("POST", "v1.0/first/q/m?hide=0"),
            ("GET", "stats/first"),
            ("GET", "stats/first/q"),
            ("DELETE", "v1.0/first/q?limit=1&detail=all"),
            ("PUT", "v1.0/first/q/m"),
            ("DELETE", "v1.0/first/q/m"),
        ];
        foreach (var (method, target) in first)
        {
            using var body = new StringContent("""{"id":"b","op":"update","ttl":9}""", null, "application/x-ndjson");
            (await app.Http.SendAsync(new(new(method), target) { Content = method is "PUT" or "POST" ? body : null }))
                .EnsureSuccessStatusCode();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync();
        time.Dispose();
        await base.DisposeAsync();
    }
}

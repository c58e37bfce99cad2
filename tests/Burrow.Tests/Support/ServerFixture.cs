namespace Burrow.Tests.Support;

/// <summary>One server for all tests of a class, on a new store, with a clock that stands still.</summary>
public abstract class ServerFixture(StoreKind kind, Azurite azurite) : IAsyncLifetime
{
    private TestStore? store;
    private LocalServer? server;

    internal TestTime Time { get; } = new();

    internal Uri Address => server!.Address;

    public async ValueTask InitializeAsync()
    {
        store = await Stores.NewAsync(kind, azurite);
        server = await LocalServer.StartAsync(store.Store, Time);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        store?.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class MemoryServer(Azurite azurite) : ServerFixture(StoreKind.Memory, azurite);

public sealed class SqliteServer(Azurite azurite) : ServerFixture(StoreKind.Sqlite, azurite);

public sealed class AzuriteServer(Azurite azurite) : ServerFixture(StoreKind.Azurite, azurite);

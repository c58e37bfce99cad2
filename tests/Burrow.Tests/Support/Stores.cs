using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tables.Memory;
using Burrow.Tables.Sqlite;

namespace Burrow.Tests.Support;

/// <summary>The kinds of table store that tests run against.</summary>
public enum StoreKind
{
    Memory,
    Sqlite,
    Azurite,
}

/// <summary>Creates table stores for tests. Each is new, empty and used by one test only.</summary>
internal static class Stores
{
    public static async Task<TestStore> NewAsync(StoreKind kind, Azurite azurite)
    {
        switch (kind)
        {
            case StoreKind.Memory:
                return new(new MemoryTableStore(), "memory");
            case StoreKind.Sqlite:
                var folder = Directory.CreateTempSubdirectory("burrow-");
                var file = Path.Combine(folder.FullName, "burrow.db");
                var sqlite = new SqliteTableStore(file);
                return new(sqlite, $"sqlite:{file}", () =>
                {
                    sqlite.Dispose();
                    folder.Delete(recursive: true);
                });
            default:
                var connectionString = await azurite.ConnectionStringAsync();
                // The time of an Azurite query grows with the rows of its table. So every test has its own tables.
                return new(AzureTableStore.Connect(connectionString, NewPrefix()), $"azure:{connectionString}");
        }
    }

    public static string NewPrefix() => $"t{Guid.NewGuid():n}"[..20];
}

/// <summary>A store, and the cleanup for when the test is over.</summary>
internal sealed class TestStore(ITableStore store, string option, Action? dispose = null) : IDisposable
{
    public ITableStore Store => store;

    /// <summary>The value of the local process's <c>--tables</c> for this store.</summary>
    public string Option => option;

    public void Dispose() => dispose?.Invoke();
}

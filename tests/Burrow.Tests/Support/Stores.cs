using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tables.Memory;
using Burrow.Tables.Sqlite;

namespace Burrow.Tests.Support;

/// <summary>The engines of tables that tests run against.</summary>
public enum StoreKind
{
    Memory,
    Sqlite,
    Azurite,
}

/// <summary>Table stores for tests: each new, empty and of its own.</summary>
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
                // Azurite's queries cost as much as their table has rows: every test has its own.
                return new(AzureTableStore.Connect(connectionString, NewPrefix()), $"azure:{connectionString}");
        }
    }

    public static string NewPrefix() => $"t{Guid.NewGuid():n}"[..20];
}

/// <summary>A store and what is to be done when the test is over.</summary>
internal sealed class TestStore(ITableStore store, string option, Action? dispose = null) : IDisposable
{
    public ITableStore Store => store;

    /// <summary>What the local process's <c>--tables</c> would be.</summary>
    public string Option => option;

    public void Dispose() => dispose?.Invoke();
}

using Burrow.Benchmarks.Load;
using Burrow.Tables;

namespace Burrow.Benchmarks.Floors;

/// <summary>Replays on a new store each time.</summary>
internal static class FloorStores
{
    public static Task<RunResult> OnMemoryAsync(Trace trace) => Replay.RunAsync(new MemoryTableStore(), trace);

    public static async Task<RunResult> OnSqliteAsync(Trace trace)
    {
        using var folder = new TemporaryFolder();
        using var store = new SqliteTableStore(folder.File("floor.db"));
        return await Replay.RunAsync(store, trace);
    }

    /// <summary>Records on such a store.</summary>
    public static async Task<Trace> WithSqliteAsync(Func<ITableStore, Task<Trace>> record)
    {
        using var folder = new TemporaryFolder();
        using var store = new SqliteTableStore(folder.File("recorded.db"));
        return await record(store);
    }
}

using Burrow.Benchmarks.Load;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tables.Sqlite;

namespace Burrow.Benchmarks.Floors;

/// <summary>Replays a trace on a new store each time.</summary>
internal static class FloorStores
{
    public static Task<RunResult> OnMemoryAsync(Trace trace) => Replay.RunAsync(new MemoryTableStore(), trace);

    public static async Task<RunResult> OnSqliteAsync(Trace trace)
    {
        using var folder = new TemporaryFolder();
        using var store = new SqliteTableStore(folder.File("floor.db"));
        return await Replay.RunAsync(store, trace);
    }

    /// <summary>The floor on memory tables. It replays what is recorded on them, with as many clients as connections.</summary>
    public static Func<int, Task<Func<Task<RunResult>>>> Memory(Func<ITableStore, int, Task<Trace>> record) => async connections =>
    {
        var trace = await record(new MemoryTableStore(), connections);
        return () => OnMemoryAsync(trace);
    };

    /// <summary>The floor on SQLite. It replays what is recorded on it, with as many clients as connections.</summary>
    public static Func<int, Task<Func<Task<RunResult>>>> Sqlite(Func<ITableStore, int, Task<Trace>> record) => async connections =>
    {
        using var folder = new TemporaryFolder();
        using var store = new SqliteTableStore(folder.File("recorded.db"));
        var trace = await record(store, connections);
        return () => OnSqliteAsync(trace);
    };
}

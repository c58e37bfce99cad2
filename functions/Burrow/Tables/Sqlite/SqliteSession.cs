using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Burrow.Tables.Sqlite;

/// <summary>
/// A connection with its prepared statements, used by one thread at a time. It runs them through SQLite's own functions. A command of
/// Microsoft.Data.Sqlite takes longer to set up than one of these statements takes to run.
/// </summary>
internal sealed class SqliteSession : IDisposable
{
    private const int BusyMilliseconds = 5_000;

    private readonly SqliteConnection connection;
    private readonly Dictionary<string, sqlite3_stmt> statements = [];

    public SqliteSession(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        // A reader may hold the writer's lock for a moment, to read a header that was written just then (sqlite.org/wal.html, "Sometimes
        // queries return SQLITE_BUSY in WAL mode"). No other process has the file, so it is never for long.
        Check(raw.sqlite3_busy_timeout(connection.Handle, BusyMilliseconds));
    }

    /// <summary>
    /// Sets how SQLite reads and writes the file. This changes the file, so it is called only when the file is known to be Burrow's.
    /// </summary>
    public void Configure(bool sync)
    {
        // FULL: a commit has reached the disk when it returns (sqlite.org/pragma.html#pragma_synchronous). OFF: the operating system
        // decides when to write.
        foreach (var setting in (string[])["journal_mode = WAL", $"synchronous = {(sync ? "FULL" : "OFF")}", "cache_size = -16384"])
            Execute($"PRAGMA {setting}");
    }

    /// <summary>
    /// Runs one statement with parameters ?1, ?2 …. The caller must dispose its rows before it runs the next statement.
    /// </summary>
    /// <exception cref="SqliteException">SQLite refuses the statement, or fails.</exception>
    public SqliteRows Run(string sql, params ReadOnlySpan<object?> parameters)
    {
        if (!statements.TryGetValue(sql, out var statement))
        {
            Check(raw.sqlite3_prepare_v2(connection.Handle, sql, out statement));
            statements[sql] = statement;
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            Check(parameters[i] switch
            {
                string text => raw.sqlite3_bind_text(statement, i + 1, text),
                long number => raw.sqlite3_bind_int64(statement, i + 1, number),
                byte[] bytes => raw.sqlite3_bind_blob(statement, i + 1, bytes),
                _ => raw.sqlite3_bind_null(statement, i + 1),
            });
        }

        return new(this, statement);
    }

    /// <summary>Runs one statement and returns how many rows it changed.</summary>
    /// <inheritdoc cref="Run"/>
    public int Execute(string sql, params ReadOnlySpan<object?> parameters)
    {
        using (var rows = Run(sql, parameters))
            rows.Read();
        return raw.sqlite3_changes(connection.Handle);
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
            statement.Dispose();
        connection.Dispose();
    }

    internal int Check(int result) => result is raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE
        ? result
        : throw new SqliteException(raw.sqlite3_errmsg(connection.Handle).utf8_to_string(), result);
}

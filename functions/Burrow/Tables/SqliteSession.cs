using Microsoft.Data.Sqlite;

namespace Burrow.Tables;

/// <summary>A connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteCommand> commands = [];

    public SqliteSession(string path)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
    }

    /// <summary>How it is read and written; changes the file, so only once it is known to be ours.</summary>
    public void Configure(bool sync)
    {
        // FULL: a commit has reached the disk when it returns (sqlite.org/pragma.html#pragma_synchronous). OFF leaves it to the system.
        Execute($"PRAGMA journal_mode = WAL; PRAGMA synchronous = {(sync ? "FULL" : "OFF")}; PRAGMA cache_size = -16384");
    }

    /// <summary>Runs a statement with parameters $1, $2 …; the reader must be disposed of before the next.</summary>
    public SqliteDataReader Run(string sql, params ReadOnlySpan<object?> parameters) => Prepare(sql, parameters).ExecuteReader();

    /// <summary>Runs a statement and returns how many rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> parameters) => Prepare(sql, parameters).ExecuteNonQuery();

    public void Dispose()
    {
        foreach (var command in commands.Values)
            command.Dispose();
        connection.Dispose();
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> parameters)
    {
        if (!commands.TryGetValue(sql, out var command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= parameters.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
            commands[sql] = command;
        }

        for (var i = 0; i < parameters.Length; i++)
            command.Parameters[i].Value = parameters[i];
        return command;
    }
}

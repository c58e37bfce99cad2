using SQLitePCL;

namespace Burrow.Tables.Sqlite;

/// <summary>The rows that a statement returns, one at a time.</summary>
internal readonly ref struct SqliteRows(SqliteSession session, sqlite3_stmt statement)
{
    /// <summary>Moves to the next row; false after the last.</summary>
    public bool Read() => session.Check(raw.sqlite3_step(statement)) == raw.SQLITE_ROW;

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public long Number(int column) => raw.sqlite3_column_int64(statement, column);

    /// <summary>Returns the bytes of a column. They are valid until the next row.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(statement, column);

    public void Dispose() => raw.sqlite3_reset(statement);
}

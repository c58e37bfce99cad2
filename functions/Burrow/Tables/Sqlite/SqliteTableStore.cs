using System.Collections.Concurrent;
using Burrow.Tables.Wrappers;
using Microsoft.Data.Sqlite;

namespace Burrow.Tables.Sqlite;

/// <summary>
/// Tables in one SQLite file, for one process, with a write-ahead log. One writer commits the transactions of concurrent callers
/// together, and readers run in parallel with it. An acknowledged transaction survives the end of the process. It also survives a crash
/// of the machine, unless the file is opened without sync.
/// </summary>
public sealed class SqliteTableStore : ITableStore, IDisposable
{
    /// <summary>The version of the file's schema, kept in its <c>user_version</c>.</summary>
    public const int SchemaVersion = 4;

    /// <summary>The number that marks a file as Burrow's (sqlite.org/fileformat.html, "Application ID"): "Burw".</summary>
    private const int ApplicationId = 0x42757277;

    private const int MaxGroup = 256;

    private readonly ConcurrentDictionary<string, ITable> tables = new();
    private readonly ConcurrentBag<SqliteSession> readers = [];
    private readonly BlockingCollection<Write> writes = [];
    private readonly FileStream ownership;
    private readonly SqliteSession writer;
    private readonly Thread writing;
    private readonly string path;
    private readonly bool sync;

    /// <summary>Opens the file, and creates it if it does not exist.</summary>
    /// <param name="path">The database. Its log (<c>-wal</c>, <c>-shm</c>) and <c>-lock</c> are in the same folder.</param>
    /// <param name="sync">Whether a transaction has reached the disk when it is acknowledged.</param>
    /// <exception cref="IOException">Another process has the file open.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is not a Burrow database, has another schema version, or cannot be opened.
    /// </exception>
    public SqliteTableStore(string path, bool sync = true)
    {
        this.path = Path.GetFullPath(path);
        // A link may lead to the file. The lock is beside the file itself.
        if (File.Exists(this.path))
            this.path = File.ResolveLinkTarget(this.path, returnFinalTarget: true)?.FullName ?? this.path;
        this.sync = sync;
        ownership = Own(this.path);
        try
        {
            // SQLite would make a file that everyone may read. It gives the log the mode of the file.
            if (!File.Exists(this.path))
                PrivateFile.Open(this.path, FileMode.CreateNew).Dispose();
            writer = new SqliteSession(this.path);
            CheckSchema();
            writer.Configure(sync);
        }
        catch (SqliteException e)
        {
            ownership.Dispose();
            throw new InvalidDataException($"'{path}' can't be opened: {e.Message}", e);
        }
        catch
        {
            writer?.Dispose();
            ownership.Dispose();
            throw;
        }

        writing = new Thread(WriteAll) { IsBackground = true, Name = "SQLite writer" };
        writing.Start();
    }

    /// <summary>The number of commits. Transactions committed together count as one.</summary>
    internal int Commits { get; private set; }

    /// <inheritdoc/>
    public ITable Open(string name) => tables.GetOrAdd(
        name, name => new ObservedTable(new MeteredTable(new CheckedTable(new SqliteTable(this, name))), "sqlite", name));

    /// <inheritdoc/>
    public Task CreateAsync(IEnumerable<string> names, CancellationToken cancellationToken) => WriteAsync(connection =>
    {
        foreach (var name in names)
        {
            connection.Execute(
                $"CREATE TABLE IF NOT EXISTS {name} (partition TEXT NOT NULL, key TEXT NOT NULL, etag INTEGER NOT NULL, "
                + "columns BLOB NOT NULL, PRIMARY KEY (partition, key))");
        }

        return SubmitResult.Success([]);
    });

    /// <summary>Finishes the writes that are under way and closes the file.</summary>
    public void Dispose()
    {
        writes.CompleteAdding();
        writing.Join();
        foreach (var reader in readers)
            reader.Dispose();
        writer.Dispose();
        ownership.Dispose();
    }

    internal T Read<T>(Func<SqliteSession, T> read)
    {
        SqliteSession? session = null;
        try
        {
            if (!readers.TryTake(out session))
                session = NewReader();
            var result = read(session);
            readers.Add(session);
            return result;
        }
        catch (SqliteException e)
        {
            session?.Dispose();
            throw new TableUnavailableException(e.Message, e);
        }
    }

    /// <summary>Carries out a transaction together with those of other callers. A refused transaction is undone.</summary>
    internal Task<SubmitResult> WriteAsync(Func<SqliteSession, SubmitResult> apply)
    {
        var write = new Write(apply);
        try
        {
            writes.Add(write);
        }
        catch (InvalidOperationException e)
        {
            throw new TableUnavailableException("The file is closed.", e);
        }

        return write.Done.Task;
    }

    private static FileStream Own(string file)
    {
        try
        {
            return PrivateFile.Open(file + "-lock", FileMode.OpenOrCreate);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new IOException($"Another process uses '{file}' ({e.Message}).", e);
        }
    }

    private SqliteSession NewReader()
    {
        var session = new SqliteSession(path);
        session.Configure(sync);
        return session;
    }

    /// <summary>Marks an empty file as Burrow's. Any other file must be Burrow's already, and of this schema.</summary>
    private void CheckSchema()
    {
        var application = Pragma("application_id");
        var version = Pragma("user_version");
        if (application == 0 && version == 0 && Pragma("schema_version") == 0)
        {
            writer.Execute($"PRAGMA application_id = {ApplicationId}");
            writer.Execute($"PRAGMA user_version = {SchemaVersion}");
        }
        else if (application != ApplicationId)
        {
            throw new InvalidDataException($"'{path}' is the database of another program.");
        }
        else if (version != SchemaVersion)
        {
            throw new InvalidDataException($"'{path}' has schema {version}; this is for schema {SchemaVersion}.");
        }

        long Pragma(string name)
        {
            using var rows = writer.Run($"PRAGMA {name}");
            return rows.Read() ? rows.Number(0) : 0;
        }
    }

    private void WriteAll()
    {
        var group = new List<Write>();
        foreach (var first in writes.GetConsumingEnumerable())
        {
            group.Add(first);
            while (group.Count < MaxGroup && writes.TryTake(out var next))
                group.Add(next);
            try
            {
                Commit(group);
            }
            catch (Exception e)
            {
                var unavailable = new TableUnavailableException(e.Message, e);
                foreach (var write in group)
                    write.Done.TrySetException(unavailable);
            }

            group.Clear();
        }
    }

    private void Commit(List<Write> group)
    {
        var results = new SubmitResult[group.Count];
        writer.Execute("BEGIN IMMEDIATE");
        try
        {
            for (var i = 0; i < group.Count; i++)
            {
                writer.Execute("SAVEPOINT one");
                results[i] = group[i].Apply(writer);
                if (!results[i].Committed)
                    writer.Execute("ROLLBACK TO one");
                writer.Execute("RELEASE one");
            }

            writer.Execute("COMMIT");
            Commits++;
        }
        catch
        {
            try
            {
                writer.Execute("ROLLBACK");
            }
            catch (SqliteException)
            {
                // On some errors (a full disk), SQLite has rolled back already. Then there is nothing to roll back.
            }

            throw;
        }

        for (var i = 0; i < group.Count; i++)
            group[i].Done.SetResult(results[i]);
    }

    private sealed record Write(Func<SqliteSession, SubmitResult> Apply)
    {
        public TaskCompletionSource<SubmitResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using Burrow.Tables;
using Burrow.Tables.Sqlite;
using Burrow.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Burrow.Tests.Tables;

/// <summary>What the SQLite file promises beyond the contract of tables.</summary>
public sealed class SqliteTableStoreTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string File => folder.File("burrow.db");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Transactions_that_come_while_one_is_committed_are_committed_together_and_each_succeeds_or_fails_by_itself()
    {
        using var store = new SqliteTableStore(File);
        await store.CreateAsync(["things"], Token);
        var table = store.Open("things");
        using var gate = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var first = store.WriteAsync(_ =>
        {
            begun.Set();
            gate.Wait(Token);
            return SubmitResult.Success([]);
        });
        begun.Wait(Token);

        // Two transactions insert each key. One of the two is refused, and then its other row is not stored either.
        var others = Enumerable.Range(0, 100).Select(i => table.SubmitAsync(
            "p",
            [Operation.Insert($"side{i}", new Columns { { "n", i } }), Operation.Insert($"key{i / 2}", new Columns { { "n", i } })],
            Token)).ToList();
        var before = store.Commits;
        gate.Set();
        await first;
        var results = await Task.WhenAll(others);

        (store.Commits - before).ShouldBe(2);
        results.Count(result => result.Committed).ShouldBe(50);
        var rows = (await table.QueryAsync("p", new RowQuery("a", "z"), Token)).Rows;
        rows.Count.ShouldBe(100);
        rows.Count(row => row.Key.StartsWith("side", StringComparison.Ordinal)).ShouldBe(50);
    }

    [Fact]
    public async Task A_reader_does_not_wait_for_who_writes_and_sees_only_what_is_committed()
    {
        using var store = new SqliteTableStore(File);
        await store.CreateAsync(["things"], Token);
        using var gate = new ManualResetEventSlim();
        using var written = new ManualResetEventSlim();
        var write = store.WriteAsync(connection =>
        {
            connection.Execute("INSERT INTO things VALUES ('p', 'k', 1, x'')");
            written.Set();
            gate.Wait(Token);
            return SubmitResult.Success([]);
        });
        written.Wait(Token);

        (await store.Open("things").GetAsync("p", "k", Token)).ShouldBeNull();

        gate.Set();
        await write;
        (await store.Open("things").GetAsync("p", "k", Token)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(true, 2)]
    [InlineData(false, 0)]
    public void A_commit_has_reached_the_disk_unless_told_otherwise(bool sync, long synchronous)
    {
        using var store = new SqliteTableStore(File, sync);

        var (mode, level) = store.Read(connection =>
        {
            using var journal = connection.Run("PRAGMA journal_mode");
            journal.Read();
            var name = journal.Text(0);
            using var level = connection.Run("PRAGMA synchronous");
            level.Read();
            return (name, level.Number(0));
        });

        // 2 is FULL, 0 is OFF (sqlite.org/pragma.html#pragma_synchronous).
        (mode, level).ShouldBe(("wal", synchronous));
    }

    [Fact]
    public async Task A_write_waits_while_a_reader_has_the_lock_for_a_moment()
    {
        using var store = new SqliteTableStore(File);
        await store.CreateAsync(["things"], Token);
        using var reader = new SqliteSession(File);
        reader.Execute("BEGIN IMMEDIATE");

        var write = store.Open("things").SubmitAsync("p", [Operation.Upsert("k", new() { { "n", 1 } })], Token);
        // SQLite itself waits for the lock. Only a write that doesn't wait ends while this reader has it.
        new SqliteSession(File).Dispose();
        write.IsCompleted.ShouldBeFalse();
        reader.Execute("COMMIT");

        (await write).Committed.ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_stored_is_there_when_the_file_is_opened_again_and_a_newer_schema_is_refused()
    {
        using (var store = new SqliteTableStore(File))
        {
            await store.CreateAsync(["things"], Token);
            await store.Open("things").SubmitAsync("p", [Operation.Insert("k", new Columns { { "n", 1 } })], Token);
        }

        using (var store = new SqliteTableStore(File))
            (await store.Open("things").GetAsync("p", "k", Token))!.Columns.GetInteger("n").ShouldBe(1);

        await using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            await connection.OpenAsync(Token);
            await using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA user_version";
            (await command.ExecuteScalarAsync(Token)).ShouldBe((long)SqliteTableStore.SchemaVersion);
            command.CommandText = $"PRAGMA user_version = {SqliteTableStore.SchemaVersion + 1}";
            await command.ExecuteNonQueryAsync(Token);
        }

        Should.Throw<InvalidDataException>(() => new SqliteTableStore(File)).Message.ShouldContain("schema");
    }

    [Fact]
    public async Task Once_closed_it_says_that_it_is_unavailable()
    {
        var store = new SqliteTableStore(File);
        await store.CreateAsync(["things"], Token);
        store.Dispose();

        await Should.ThrowAsync<TableUnavailableException>(
            () => store.Open("things").SubmitAsync("p", [Operation.Insert("k", new Columns { { "n", 1 } })], Token));
    }
}

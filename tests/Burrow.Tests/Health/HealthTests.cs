using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Burrow.Health;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tables.Memory;
using Burrow.Tables.Sqlite;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RequestFailedException = Azure.RequestFailedException;

namespace Burrow.Tests.Health;

/// <summary><c>/health</c> and <c>/health/ready</c>.</summary>
public sealed class HealthTests(Azurite azurite) : IAsyncLifetime
{
    private readonly TestTime time = new();
    private readonly InterceptedStore store = new(new MemoryTableStore());
    private LocalServer server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await LocalServer.StartAsync(store, time);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_process_that_answers_lives_whatever_storage_does()
    {
        store.Before = _ => throw new TableUnavailableException("down");
        (await server.Http.GetStringAsync("/health", Token)).ShouldBe("""{"status":"ok"}""");
    }

    [Fact]
    public async Task It_is_ready_and_says_when_the_timer_last_ran()
    {
        (await server.Http.GetStringAsync("/health/ready", Token)).ShouldBe("""{"status":"ready"}""");
        await SweepAsync();
        time.Advance(HealthLimits.ReadinessFreshness * 2);
        (await server.Http.GetStringAsync("/health/ready", Token)).ShouldBe("""{"status":"ready","swept":"2026-01-02T03:04:05.000Z"}""");
    }

    [Fact]
    public async Task While_storage_does_not_answer_it_is_not_ready_and_then_it_is()
    {
        store.Before = call => call.Table == "dir" ? throw new TableUnavailableException("secret host name") : Task.CompletedTask;
        var problem = await NotReadyAsync();
        problem.ShouldBe("Not ready. Table 'dir' can't be read.");

        store.Before = _ => Task.CompletedTask;
        await NotReadyAsync();
        time.Advance(HealthLimits.ReadinessFreshness * 2);
        (await server.Http.GetAsync("/health/ready", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Asked_by_thousands_it_looks_once()
    {
        var counter = new RequestCounter(store);
        var calls = await counter.CountAsync(
            () => Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => server.Http.GetStringAsync("/health/ready", Token))));
        // One query for each table, one read of the time when the timer last ran, and one write. What the process does at its start, in the
        // background, is not counted.
        var looks = calls.Where(call => call.Partition is "ready" or "swept" or "written").ToList();
        looks.Count.ShouldBe(Readiness.Tables.Count + 2, string.Join(", ", calls));
        looks.Count(call => call.Kind == CallKind.Submit).ShouldBe(1);
        calls.Count.ShouldBeLessThan(100);
    }

    [Fact]
    public async Task While_storage_takes_no_writes_it_is_not_ready_and_then_it_is()
    {
        // The exceptions of a full disk and of a role that may only read.
        foreach (var refusal in (Exception[])[new TableUnavailableException("full"), new RequestFailedException(403, "secret role")])
        {
            store.Before = call => call.Kind == CallKind.Submit ? throw refusal : Task.CompletedTask;
            time.Advance(HealthLimits.ReadinessFreshness * 2);
            (await NotReadyAsync()).ShouldBe("Not ready. Table 'due' can't be written.");
        }

        store.Before = _ => Task.CompletedTask;
        time.Advance(HealthLimits.ReadinessFreshness * 2);
        (await server.Http.GetAsync("/health/ready", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Writes_that_hang_are_given_up_on()
    {
        store.Before = call => call.Kind == CallKind.Submit ? new TaskCompletionSource().Task : Task.CompletedTask;
        time.Watch();
        var asked = NotReadyAsync();
        await time.BegunAsync(HealthLimits.ReadinessTime);

        (await time.AdvanceUntilAsync(asked, TimeSpan.FromSeconds(1))).ShouldBe("Not ready. Table 'due' can't be written.");
    }

    [Fact]
    public async Task A_full_disk_is_found_even_if_it_has_room_for_a_small_row()
    {
        using var folder = new TemporaryFolder();
        using var sqlite = new SqliteTableStore(folder.File("burrow.db"));
        await sqlite.CreateAsync(Readiness.Tables, Token);
        // SQLite fails in the same way at this limit as on a full disk.
        await sqlite.WriteAsync(connection =>
        {
            using var rows = connection.Run("PRAGMA page_count");
            rows.Read();
            var pages = rows.Number(0);
            rows.Dispose();
            connection.Execute($"PRAGMA max_page_count = {pages + 2}");
            return SubmitResult.Success([]);
        });
        await sqlite.Open("due").SubmitAsync("p", [Operation.Upsert("small", new Columns { { "n", 1 } })], Token);

        (await NewReadiness(sqlite).CheckAsync()).Problems.ShouldBe(["Table 'due' can't be written."]);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Sqlite)]
    [InlineData(StoreKind.Azurite)]
    public async Task What_checks_write_is_one_row_that_the_timer_does_not_meet(StoreKind kind)
    {
        using var tables = await Stores.NewAsync(kind, azurite);
        await tables.Store.CreateAsync(Readiness.Tables, Token);
        var readiness = NewReadiness(tables.Store);
        for (var check = 0; check < 3; check++)
        {
            (await readiness.CheckAsync()).Problems.ShouldBeEmpty();
            time.Advance(HealthLimits.ReadinessFreshness * 2);
        }

        var due = tables.Store.Open("due");
        var all = new RowQuery("!", "~");
        (await due.QueryAsync("written", all, Token)).Rows.Single().Columns.GetBytes("data").Length.ShouldBe(QueueLimits.InlineBytes);
        (await due.QueryAsync("swept", all, Token)).Rows.ShouldBeEmpty();
        (await TestQueue.RowsAsync(tables.Store)).ShouldBeEmpty();
        await new TestQueue(tables.Store, time).Engine.SweepAsync(TimeSpan.FromSeconds(50), Token);
        (await due.QueryAsync("written", all, Token)).Rows.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Storage_that_hangs_is_given_up_on()
    {
        store.Before = _ => new TaskCompletionSource().Task;
        time.Watch();
        var asked = server.Http.GetAsync("/health/ready", Token);
        await time.BegunAsync(HealthLimits.ReadinessTime);
        var answer = await time.AdvanceUntilAsync(asked, TimeSpan.FromSeconds(1));
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_timer_that_is_late_is_told()
    {
        await SweepAsync();
        store.Before = call => call.Operations.Any(operation => operation.Key == "last")
            ? throw new TableUnavailableException("down")
            : Task.CompletedTask;
        for (var minute = 0; minute < 11; minute++)
            time.Advance(TimeSpan.FromMinutes(1));

        (await NotReadyAsync()).ShouldBe("Not ready. The timer has not finished since 2026-01-02T03:04:05Z.");
        store.Before = _ => Task.CompletedTask;
        await SweepAsync();
        time.Advance(HealthLimits.ReadinessFreshness * 2);
        (await server.Http.GetAsync("/health/ready", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_table_that_is_missing_is_named()
    {
        var prefix = Stores.NewPrefix();
        var azure = AzureTableStore.Connect(await azurite.ConnectionStringAsync(), prefix);
        var readiness = NewReadiness(azure);
        await azure.CreateAsync(Readiness.Tables.Where(table => table != "subs"), Token);

        (await readiness.CheckAsync()).Problems.ShouldBe(["Table 'subs' can't be read."]);

        await azure.CreateAsync(["subs"], Token);
        time.Advance(HealthLimits.ReadinessFreshness * 2);
        (await readiness.CheckAsync()).Problems.ShouldBeEmpty();
    }

    private Readiness NewReadiness(ITableStore tables) => new(tables, new LastSweep(tables), time, NullLogger<Readiness>.Instance);

    private Task SweepAsync() => server.Services.GetRequiredService<SweepRunner>().RunAsync(Token);

    private async Task<string?> NotReadyAsync()
    {
        var answer = await server.Http.GetAsync("/health/ready", Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter.ShouldNotBeNull();
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
        problem.GetProperty("type").GetString().ShouldBe("urn:burrow:problem:not-ready");
        return problem.GetProperty("detail").GetString();
    }
}

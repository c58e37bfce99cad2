using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Burrow.Health;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Tables.Memory;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

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
        // One query for each table, and one read of the time when the timer last ran.
        calls.Count.ShouldBe(Readiness.Tables.Count + 1);
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
        var readiness = new Readiness(
            azure, new LastSweep(azure), time, Microsoft.Extensions.Logging.Abstractions.NullLogger<Readiness>.Instance);
        await azure.CreateAsync(Readiness.Tables.Where(table => table != "subs"), Token);

        (await readiness.CheckAsync()).Problems.ShouldBe(["Table 'subs' can't be read."]);

        await azure.CreateAsync(["subs"], Token);
        time.Advance(HealthLimits.ReadinessFreshness * 2);
        (await readiness.CheckAsync()).Problems.ShouldBeEmpty();
    }

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

using System.Collections.Concurrent;
using System.Diagnostics;
using Burrow.Client;
using Burrow.Client.Workers;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Burrow.Tests.Client;

/// <summary>Workers in a host of their own, against the local process's app.</summary>
public sealed class WorkerTests(MemoryServer server) : IClassFixture<MemoryServer>
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(0.25);
    /// <summary>A request that meets the timer's work on its message backs off, and for that the clock must move a little.</summary>
    private static readonly TimeSpan Nudge = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan Long = TimeSpan.FromHours(2);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(30);
    private static readonly PutOptions ForEver = new() { Ttl = Timeout.InfiniteTimeSpan };

    private readonly string accountName = $"a{Guid.NewGuid():n}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_is_done_failed_released_or_dead_as_its_handler_says()
    {
        using var client = server.NewClient();
        var queue = client.Account(accountName).Queue("q");
        await client.Account(accountName).Policies.SetAsync(new() { Name = "p", Queues = "*", RetryDelays = [3600] }, Token);
        foreach (var id in (string[])["done", "itself", "throws", "fails", "gives back", "dies"])
            await queue.PutAsync(id, ForEver with { Id = id }, Token);
        var handled = new ConcurrentQueue<string>();

        using (var host = await StartTextAsync("q", async (message, cancellationToken) =>
        {
            handled.Enqueue(message.Id);
            switch (message.Body)
            {
                case "itself":
                    await message.FailedAsync("said it itself", TimeSpan.FromSeconds(77), cancellationToken);
                    break;
                case "throws":
                    throw new InvalidDataException("it threw");
                case "fails":
                    throw new MessageFailedException("later", TimeSpan.FromSeconds(99));
                case "gives back" when message.Deliveries == 1 && handled.Count(id => id == "gives back") == 1:
                    throw new MessageReleasedException();
                case "dies":
                    throw new MessageDeadException("never");
            }
        }))
        {
            await UntilAsync(async () => (await queue.StatisticsAsync(Token))!.Dead == 1 && handled.Count == 7);
            await StopAsync(host);
        }

        handled.Count(id => id == "gives back").ShouldBe(2);
        var left = await queue.ListAsync(new() { IncludeHidden = true }, Token).ToListAsync(Token);
        left.ConvertAll(message => (message.Id, message.Hide.TotalMinutes > 30, message.Causes[0].Text)).ShouldBe(
            [("itself", false, "said it itself"), ("throws", true, "it threw"), ("fails", false, "later")]);
        (await queue.DeadLetters.GetAsync("dies", Token))!.Causes.Single().Text.ShouldBe("never");
    }

    [Fact]
    public async Task A_claim_is_extended_for_as_long_as_its_handler_runs()
    {
        using var client = server.NewClient();
        var queue = client.Account(accountName).Queue("q");
        await queue.PutAsync("long", ForEver with { Id = "long" }, Token);
        var begun = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        using var host = await StartTextAsync("q", Short, async (message, cancellationToken) =>
        {
            begun.SetResult();
            await end.Task.WaitAsync(cancellationToken);
        });
        await server.Time.AdvanceUntilAsync(Task.WhenAny(begun.Task), Nudge);

        for (var i = 0; i < 5; i++)
        {
            var before = await queue.GetAsync("long", Token);
            await server.Time.BegunAsync(Short / 2);
            server.Time.Watch();
            server.Time.Advance(Short / 2);
            await UntilAsync(async () => (await queue.GetAsync("long", Token))!.Receipt != before!.Receipt, Nudge);
        }

        var later = (await queue.GetAsync("long", Token))!;
        (later.Deliveries, later.Hide > Short / 2).ShouldBe((1, true));
        end.SetResult();
        await UntilAsync(async () => await queue.GetAsync("long", Token) is null, Nudge);
        await StopAsync(host);
    }

    [Fact]
    public async Task A_handler_whose_claim_is_lost_is_cancelled_and_says_nothing_more()
    {
        using var client = server.NewClient();
        var queue = client.Account(accountName).Queue("q");
        await queue.PutAsync("x", ForEver with { Id = "x" }, Token);
        var begun = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        using var host = await StartTextAsync("q", Short, async (message, cancellationToken) =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                cancelled.SetResult();
            }
        });
        await server.Time.AdvanceUntilAsync(Task.WhenAny(begun.Task), Nudge);
        await server.Time.BegunAsync(Short / 2);

        // As if the claim had run out, and another one had begun.
        await queue.UpdateAsync("x", hide: TimeSpan.FromHours(1), cancellationToken: Token);
        server.Time.Advance(Short / 2);

        await server.Time.AdvanceUntilAsync(Task.WhenAny(cancelled.Task), Nudge);
        await StopAsync(host);
        (await queue.GetAsync("x", Token))!.Hide.ShouldBeGreaterThan(TimeSpan.FromMinutes(50));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_program_stops_handlers_finish_or_give_their_messages_back_and_nothing_stays_hidden(bool inTime)
    {
        using var client = server.NewClient();
        var queue = client.Account(accountName).Queue("q");
        await queue.PutManyAsync(Enumerable.Range(0, 50).Select(i => $"{i}"), ForEver, Token);
        var running = 0;
        var end = new TaskCompletionSource();
        using var host = await StartTextAsync("q", async (message, cancellationToken) =>
        {
            Interlocked.Increment(ref running);
            await end.Task.WaitAsync(cancellationToken);
        });
        await UntilAsync(() => Task.FromResult(Volatile.Read(ref running) == 10));

        var stopping = host.StopAsync(Token);
        if (inTime)
            end.SetResult();
        await server.Time.AdvanceUntilAsync(Task.WhenAny(stopping), Step);
        await stopping;

        var statistics = (await queue.StatisticsAsync(Token))!;
        (statistics.Messages, statistics.Hidden).ShouldBe((inTime ? 40 : 50, 0));
        (await queue.ListAsync(cancellationToken: Token).ToListAsync(Token)).ShouldAllBe(message => message.Deliveries == 0);
    }

    [Fact]
    public async Task A_worker_for_many_queues_serves_all_that_begin_so()
    {
        using var client = server.NewClient();
        foreach (var name in (string[])["orders-a", "orders-b", "others"])
            await client.Account(accountName).Queue(name).PutManyAsync(["1", "2", "3"], ForEver, Token);
        var handled = new ConcurrentQueue<string>();
        using var host = await StartTextAsync("orders-*", (message, _) =>
        {
            handled.Enqueue(message.Queue);
            return Task.CompletedTask;
        });
        await UntilAsync(() => Task.FromResult(handled.Count == 6));

        // One that comes later is found.
        await client.Account(accountName).Queue("orders-c").PutAsync("1", ForEver, Token);
        await UntilAsync(() => Task.FromResult(handled.Count == 7));

        await StopAsync(host);
        handled.Order().ShouldBe(["orders-a", "orders-a", "orders-a", "orders-b", "orders-b", "orders-b", "orders-c"]);
        (await client.Account(accountName).QueuesAsync(Token).ToListAsync(Token)).ShouldBe(["others"]);
    }

    [Fact]
    public async Task A_message_that_its_handler_can_not_read_has_failed()
    {
        using var client = server.NewClient();
        var queue = client.Account(accountName).Queue("q");
        await client.Account(accountName).Policies.SetAsync(
            new() { Name = "p", Queues = "*", MaxDeliveries = 1 }, Token);
        await queue.PutAsync("no json", ForEver with { Id = "x" }, Token);
        using var host = await StartAsync("q", (ClaimedMessage<Order> message, CancellationToken _) =>
            Task.FromResult(message.Body.Pizzas), TestJson.Default.Order);

        await UntilAsync(async () => await queue.DeadLetters.GetAsync("x", Token) is not null);

        await StopAsync(host);
        (await queue.DeadLetters.GetAsync("x", Token))!.Causes.Single().Text.ShouldStartWith("The body of message 'x' is no Order: ");
    }

    [Fact]
    public async Task A_handler_runs_in_the_trace_of_the_put()
    {
        using var client = server.NewClient();
        var queue = client.Account(accountName).Queue("q");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is BurrowClient.TelemetryName or nameof(WorkerTests),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource(nameof(WorkerTests));
        using (var span = source.StartActivity("order"))
        {
            span.ShouldNotBeNull();
            await queue.PutAsync("x", ForEver, Token);
            var handled = new TaskCompletionSource<Activity?>();
            using var host = await StartTextAsync("q", (_, _) =>
            {
                handled.SetResult(Activity.Current);
                return Task.CompletedTask;
            });
            var inHandler = await server.Time.AdvanceUntilAsync(handled.Task, Step);
            await StopAsync(host);
            inHandler.ShouldNotBeNull().TraceId.ShouldBe(span.TraceId);
            (inHandler.OperationName, inHandler.Kind).ShouldBe(("process q", ActivityKind.Consumer));
        }
    }

    [Fact]
    public async Task A_worker_waits_for_a_service_that_is_away_and_its_health_check_says_so()
    {
        // A port on which nothing listens.
        using var other = new BurrowClient(new("http://127.0.0.1:1/"), new() { MaxRetries = 0, Time = (TimeProvider)server.Time });
        using var host = await StartTextAsync("q", (_, _) => Task.CompletedTask, client: other);
        var health = host.Services.GetRequiredService<BurrowHealthCheck>();
        var context = new HealthCheckContext { Registration = new("burrow", health, HealthStatus.Degraded, null) };

        await UntilAsync(async () => (await health.CheckHealthAsync(context, Token)).Status == HealthStatus.Degraded);

        (await health.CheckHealthAsync(context, Token)).Description.ShouldNotBeNull()
            .ShouldStartWith("q: http://127.0.0.1:1/ does not answer");
        await StopAsync(host);
    }

    /// <summary>Advances the clock until a condition holds.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="step">By how much at a time; null: a quarter of a second.</param>
    private Task<bool> UntilAsync(Func<Task<bool>> holds, TimeSpan? step = null) => server.Time.AdvanceUntilAsync(
        Task.Run(async () =>
        {
            while (!await holds())
                await Task.Delay(1, Token);
            return true;
        }),
        step ?? Step);

    private async Task StopAsync(IHost host)
    {
        var stopping = host.StopAsync(Token);
        await server.Time.AdvanceUntilAsync(Task.WhenAny(stopping), Step);
        await stopping;
    }

    private Task<IHost> StartTextAsync(
        string queues, Func<ClaimedMessage<string>, CancellationToken, Task> handle, BurrowClient? client = null) =>
        StartTextAsync(queues, Long, handle, client);

    /// <param name="queues">The worker's queues.</param>
    /// <param name="hide">For how long it claims: long where the clock is advanced, so that no claim runs out meanwhile.</param>
    /// <param name="handle">Its handler.</param>
    /// <param name="client">Its client; null: a new one.</param>
    private Task<IHost> StartTextAsync(
        string queues, TimeSpan hide, Func<ClaimedMessage<string>, CancellationToken, Task> handle, BurrowClient? client = null) =>
        StartAsync(
            services => services.AddSingleton(handle).AddBurrowWorker<Handler<string>>(queues, options => options.Hide = hide), client);

    private Task<IHost> StartAsync<T>(
        string queues,
        Func<ClaimedMessage<T>, CancellationToken, Task> handle,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        StartAsync(services => services.AddSingleton(handle).AddBurrowWorker<T, Handler<T>>(queues, type, options => options.Hide = Long));

    private async Task<IHost> StartAsync(Action<IServiceCollection> add, BurrowClient? client = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        if (client is not null)
            builder.Services.AddSingleton(client);
        builder.Services.AddSingleton((TimeProvider)server.Time);
        builder.Services.AddBurrow(options => (options.Endpoint, options.Account) = (server.Address, accountName));
        add(builder.Services);
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }

    private sealed class Handler<T>(Func<ClaimedMessage<T>, CancellationToken, Task> handle) : IMessageHandler<T>
    {
        public Task HandleAsync(ClaimedMessage<T> message, CancellationToken cancellationToken) => handle(message, cancellationToken);
    }
}

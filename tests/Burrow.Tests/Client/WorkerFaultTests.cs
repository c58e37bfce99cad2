using System.Collections.Concurrent;
using System.Net;
using Burrow.Client;
using Burrow.Client.Workers;
using Burrow.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Burrow.Tests.Client;

/// <summary>Workers on a line that loses requests and answers, and handlers that do not behave.</summary>
public sealed class WorkerFaultTests : FaultFixture
{
    private static readonly TimeSpan Hide = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_handler_that_ends_while_its_claim_is_extended_is_done_once()
    {
        await Near.PutAsync("x", ForEver with { Id = "x" }, Token);
        var (handled, extended, answered) = (0, new TaskCompletionSource(), new TaskCompletionSource());
        line.Make("POST /v1.0/a/q/x?hide", async (_, send, _) =>
        {
            var answer = await send();
            extended.SetResult();
            await answered.Task;
            return answer;
        });
        using var host = await StartAsync("q", async (_, _) =>
        {
            Interlocked.Increment(ref handled);
            await extended.Task;
        });
        await AdvanceAsync(extended.Task);
        answered.SetResult();

        await UntilAsync(async () => await Near.GetAsync("x", Token) is null);

        await StopAsync(host);
        handled.ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_that_said_itself_what_became_of_its_message_goes_on_undisturbed()
    {
        await Near.PutAsync("x", ForEver with { Id = "x" }, Token);
        var (said, end) = (new TaskCompletionSource(), new TaskCompletionSource<bool>());
        using var host = await StartAsync("q", async (message, cancellationToken) =>
        {
            await message.FailedAsync("later", TimeSpan.FromHours(1), cancellationToken);
            said.SetResult();
            await Task.Delay(TimeSpan.FromSeconds(80), time, CancellationToken.None);
            end.SetResult(cancellationToken.IsCancellationRequested);
        });
        await AdvanceAsync(said.Task);
        await PassAsync(TimeSpan.FromSeconds(100));
        (await end.Task.WaitAsync(Token)).ShouldBeFalse();
        (await Near.GetAsync("x", Token))!.Hide.ShouldBeGreaterThan(TimeSpan.FromMinutes(50));
        await StopAsync(host);
    }

    [Fact]
    public async Task An_extension_that_hangs_is_sent_again_in_time()
    {
        await Near.PutAsync("x", ForEver with { Id = "x" }, Token);
        line.Make("POST /v1.0/a/q/x?hide", async (_, _, cancellationToken) => await NeverAsync(cancellationToken));
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var host = await StartAsync("q", async (_, cancellationToken) =>
        {
            begun.SetResult();
            await end.Task.WaitAsync(cancellationToken);
        });
        await AdvanceAsync(begun.Task);

        await PassAsync(TimeSpan.FromSeconds(100));

        (await Near.GetAsync("x", Token))!.ShouldSatisfyAllConditions(
            message => message.Deliveries.ShouldBe(1), message => message.Hide.ShouldBeGreaterThan(TimeSpan.Zero));
        end.SetResult();
        await UntilAsync(async () => await Near.GetAsync("x", Token) is null);
        await StopAsync(host);
    }

    [Fact]
    public async Task When_no_extension_comes_through_the_handler_is_cancelled_as_its_claim_ends()
    {
        await Near.PutAsync("x", ForEver with { Id = "x" }, Token);
        line.Make("POST /v1.0/a/q/x?hide", async (_, _, cancellationToken) => await NeverAsync(cancellationToken), 100);
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var host = await StartAsync("q", async (_, cancellationToken) =>
        {
            if (!begun.TrySetResult())
                return;
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                ended.SetResult();
            }
        });
        await AdvanceAsync(begun.Task);

        await PassAsync(Hide + TimeSpan.FromSeconds(5));

        // The clock stands still now.
        await ended.Task.WaitAsync(Token);
        await StopAsync(host);
    }

    [Fact]
    public async Task An_outcome_is_said_for_as_long_as_the_claim_goes_on()
    {
        await Near.PutAsync("x", ForEver with { Id = "x" }, Token);
        var away = time.GetUtcNow() + TimeSpan.FromSeconds(12);
        line.Fault = async (request, send, _) => request.RequestUri!.Query.Contains("outcome") && time.GetUtcNow() < away
            ? throw new HttpRequestException("The service is away.")
            : await send();
        var handled = 0;
        using var host = await StartAsync("q", (_, _) =>
        {
            Interlocked.Increment(ref handled);
            return Task.CompletedTask;
        });

        await UntilAsync(async () => await Near.GetAsync("x", Token) is null);

        await StopAsync(host);
        handled.ShouldBe(1);
    }

    [Fact]
    public async Task Handlers_that_never_wait_run_at_the_same_time()
    {
        await Near.PutManyAsync(["1", "2"], ForEver, Token);
        using var both = new Barrier(2);
        var met = 0;
        using var host = await StartAsync("q", (_, _) =>
        {
            // A handler that blocks its thread. If they ran one after the other, neither would go on.
            if (both.SignalAndWait(TimeSpan.FromSeconds(20), Token))
                Interlocked.Increment(ref met);
            return Task.CompletedTask;
        });
        await UntilAsync(async () => (await Near.StatisticsAsync(Token))?.Messages is null or 0);
        await StopAsync(host);
        met.ShouldBe(2);
    }

    [Fact]
    public async Task Of_many_queues_one_that_can_not_be_claimed_takes_no_message_of_another_along()
    {
        foreach (var name in (string[])["orders-1", "orders-2", "orders-3"])
            await burrow.Account("a").Queue(name).PutAsync(name, ForEver, Token);
        line.Make("POST /v1.0/a/orders-2", (_, _, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Forbidden)), int.MaxValue);
        var handled = new ConcurrentQueue<(string, int)>();
        using var host = await StartAsync("orders-*", (message, _) =>
        {
            handled.Enqueue((message.Body, message.Deliveries));
            return Task.CompletedTask;
        });
        await UntilAsync(() => Task.FromResult(handled.Count == 2));
        await StopAsync(host);
        handled.Order().ShouldBe([("orders-1", 1), ("orders-3", 1)]);
    }

    [Fact]
    public async Task A_message_that_fails_again_and_again_is_tried_less_and_less_often_and_keeps_no_hand()
    {
        await Near.PutAsync("poison", ForEver, Token);
        var (failures, others) = (0, 0);
        using var host = await StartAsync(
            "q",
            (message, _) =>
            {
                if (message.Body != "poison")
                {
                    Interlocked.Increment(ref others);
                    return Task.CompletedTask;
                }

                Interlocked.Increment(ref failures);
                throw new InvalidDataException("It can't be read.");
            },
            options => options.MaxConcurrency = 1);
        // 1 + 2 + 4 + … + 60 + 60 s.
        await PassAsync(TimeSpan.FromMinutes(5));
        failures.ShouldBeInRange(3, 12);
        // While it rests, its hand works on.
        await Near.PutAsync("fine", ForEver, Token);
        await UntilAsync(() => Task.FromResult(Volatile.Read(ref others) == 1));

        await StopAsync(host);
        (await Near.StatisticsAsync(Token)).ShouldNotBeNull().ShouldSatisfyAllConditions(
            one => one.Messages.ShouldBe(1), one => one.Hidden.ShouldBe(0));
    }

    [Fact]
    public async Task A_program_that_stops_does_not_wait_for_a_claim_that_hangs()
    {
        var claiming = new TaskCompletionSource();
        line.Make("POST /v1.0/a/q?", async (_, _, cancellationToken) =>
        {
            claiming.TrySetResult();
            return await NeverAsync(cancellationToken);
        }, int.MaxValue);
        using var host = await StartAsync("q", (_, _) => Task.CompletedTask);
        await claiming.Task.WaitAsync(Token);

        var stopping = host.StopAsync(Token);
        await PassAsync(TimeSpan.FromSeconds(15));

        // The clock stands still now.
        await stopping.WaitAsync(Token);
    }

    private Task UntilAsync(Func<Task<bool>> holds) => AdvanceAsync(Task.Run(async () =>
    {
        while (!await holds())
            await Task.Delay(1, Token);
    }));

    /// <summary>Lets that much time pass, while the worker answers to each step of the clock.</summary>
    private async Task PassAsync(TimeSpan span)
    {
        for (var until = time.GetUtcNow() + span; time.GetUtcNow() < until;)
        {
            time.Advance(Step);
            // A request of its own: when it is answered, those that the step caused are under way.
            await Near.GetAsync("none", Token);
            await Task.Delay(1, Token);
        }
    }

    private Task StopAsync(IHost host) => AdvanceAsync(host.StopAsync(Token));

    private async Task<IHost> StartAsync(
        string queues,
        Func<ClaimedMessage<string>, CancellationToken, Task> handle,
        Action<BurrowWorkerOptions>? configure = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(client);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddBurrow(options => (options.Endpoint, options.Account) = (EmbeddedBurrow.Endpoint, "a"));
        builder.Services.AddSingleton(handle);
        builder.Services.AddBurrowWorker<Handler>(queues, options =>
        {
            options.Hide = Hide;
            configure?.Invoke(options);
        });
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }

    private sealed class Handler(Func<ClaimedMessage<string>, CancellationToken, Task> handle) : IMessageHandler<string>
    {
        public Task HandleAsync(ClaimedMessage<string> message, CancellationToken cancellationToken) => handle(message, cancellationToken);
    }
}

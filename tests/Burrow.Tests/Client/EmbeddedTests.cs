using Burrow.Client;
using Burrow.Client.Workers;
using Burrow.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Burrow.Tests.Client;

/// <summary>Burrow within the program: what it has beside a service.</summary>
public sealed class EmbeddedTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wait_that_is_cancelled_ends_as_cancelled()
    {
        await using var burrow = await EmbeddedBurrow.StartAsync(cancellationToken: Token);
        var queue = burrow.Account("a").Queue("q");
        for (var i = 0; i < 20; i++)
        {
            using var cancelled = new CancellationTokenSource();
            var claiming = queue.ClaimAsync(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), cancelled.Token);
            var taking = queue.TakeAsync(1, TimeSpan.FromMinutes(1), cancelled.Token);
            await cancelled.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(claiming);
            await Should.ThrowAsync<OperationCanceledException>(taking);
        }
    }

    [Fact]
    public async Task Workers_of_a_program_serve_its_own_queues()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddEmbeddedBurrow();
        var handled = new TaskCompletionSource<string>();
        builder.Services.AddSingleton(handled);
        builder.Services.AddBurrowWorker<Handler>("q");
        using var host = builder.Build();
        await host.StartAsync(Token);

        await host.Services.GetRequiredService<BurrowAccount>().Queue("q").PutAsync("x", null, Token);

        (await handled.Task.WaitAsync(Token)).ShouldBe("x");
        await host.StopAsync(Token);
        (await host.Services.GetRequiredService<EmbeddedBurrow>().Account("local").QueuesAsync(Token).AnyAsync(Token)).ShouldBeFalse();
    }

    private sealed class Handler(TaskCompletionSource<string> handled) : IMessageHandler<string>
    {
        public Task HandleAsync(ClaimedMessage<string> message, CancellationToken cancellationToken)
        {
            handled.SetResult(message.Body);
            return Task.CompletedTask;
        }
    }
}

using Burrow.Client;
using Burrow.Embedded;
using Burrow.Tests.Support;

namespace Burrow.Tests.Client;

/// <summary>A client on a line that loses requests and answers, to a service whose clock only the test moves.</summary>
public abstract class FaultFixture(int maxRetries = 5) : IAsyncLifetime
{
    private protected static readonly TimeSpan Step = TimeSpan.FromSeconds(0.25);
    private protected static readonly PutOptions ForEver = new() { Ttl = Timeout.InfiniteTimeSpan };

    private protected readonly TestTime time = new();
    private protected EmbeddedBurrow burrow = null!;
    private protected FaultyHandler line = null!;
    private protected BurrowClient client = null!;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The queue on the line.</summary>
    private protected BurrowQueue<string> Queue => client.Account("a").Queue("q");

    /// <summary>The same queue, by a client beside the service.</summary>
    private protected BurrowQueue<string> Near => burrow.Account("a").Queue("q");

    public async ValueTask InitializeAsync()
    {
        burrow = await EmbeddedBurrow.StartAsync(new() { Time = time }, Token);
        line = new(new NudgingHandler(burrow.NewHandler(), time));
        client = new(EmbeddedBurrow.Endpoint, line, new() { Time = time, MaxRetries = maxRetries });
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await burrow.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A request that gets no answer until it is given up.</summary>
    private protected static async Task<HttpResponseMessage> NeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        throw new InvalidOperationException();
    }

    private protected Task<T> AdvanceAsync<T>(Task<T> task) => time.AdvanceUntilAsync(task, Step);

    private protected async Task AdvanceAsync(Task task)
    {
        await time.AdvanceUntilAsync(Task.WhenAny(task), Step);
        await task;
    }
}

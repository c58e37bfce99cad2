using System.Collections.Concurrent;
using Burrow.Client;
using Burrow.Client.Workers;
using Burrow.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Burrow.Tests.Torture;

/// <summary>A worker far away: its connections are slow and cut at random places, and its requests arrive twice at random.</summary>
public sealed class WorkerProxyTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Hide = TimeSpan.FromSeconds(4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_message_is_done_none_by_two_within_its_claim_and_nothing_stays_hidden()
    {
        using var folder = new TemporaryFolder();
        await using var burrow = await BurrowProcess.StartAsync($"sqlite:{folder.File("burrow.db")}", null, "--no-sync");
        using var near = new BurrowClient(burrow.Address);
        var queue = near.Account("a").Queue("q");
        await queue.PutManyAsync(
            Enumerable.Range(0, TortureSize.WorkedMessages).Select(i => $"{i}"), new() { Ttl = Timeout.InfiniteTimeSpan }, Token);
        await using var proxy = new CuttingProxy(burrow.Address, new Random(TortureSize.Seed), 60_000)
        {
            LongestDelay = TimeSpan.FromMilliseconds(20),
            RepeatedShare = 0.02,
        };
        var work = new Work();

        // Two programs, each of which is stopped in the middle and started again.
        for (var half = 1; half <= 2; half++)
        {
            using var one = await StartAsync(proxy.Address, work);
            using var other = await StartAsync(proxy.Address, work);
            while (work.Done.Count < TortureSize.WorkedMessages * half / 2)
                await Task.Delay(10, Token);
            await Task.WhenAll(one.StopAsync(Token), other.StopAsync(Token));
        }

        // What a repeated request claimed in vain comes back, and is done then.
        using (var last = await StartAsync(proxy.Address, work))
        {
            while (!await queue.WaitUntilEmptyAsync(TimeSpan.FromSeconds(30), Token))
                Token.ThrowIfCancellationRequested();
            await last.StopAsync(Token);
        }

        output.WriteLine($"{work.Runs} runs of {work.Done.Count} messages, {proxy.Cuts} cuts, {proxy.Repeats} repeats, {work.Long} long");
        work.Done.Count.ShouldBe(TortureSize.WorkedMessages);
        work.Overlapping.ShouldBeEmpty();
        work.Long.ShouldBeGreaterThan(0);
        (await queue.ListAsync(new() { IncludeHidden = true }, Token).AnyAsync(Token)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_worker_process_that_gets_ctrl_c_finishes_what_it_has_and_leaves_nothing_hidden()
    {
        const int Messages = 200;
        await using var burrow = await BurrowProcess.StartAsync("memory");
        using var near = new BurrowClient(burrow.Address);
        var queue = near.Account("a").Queue("q");
        await queue.PutManyAsync(Enumerable.Range(0, Messages).Select(i => $"{i}"), new() { Ttl = Timeout.InfiniteTimeSpan }, Token);
        // It delays only: a claim whose answer is cut comes back when its time is up, as the test above sees.
        await using var proxy = new CuttingProxy(burrow.Address, new Random(TortureSize.Seed), int.MaxValue)
        {
            LongestDelay = TimeSpan.FromMilliseconds(20),
        };
        using var worker = CliProcess.Start(
            new Dictionary<string, string> { ["BURROW_URL"] = proxy.Address.AbsoluteUri, ["BURROW_ACCOUNT"] = "a" },
            "claim", "q", "--exec", "cat; echo; sleep 0.05", "--jobs", "8", "--hide", "600");

        while (await queue.ListAsync(new() { IncludeHidden = true }, Token).CountAsync(Token) > Messages - 30)
            await Task.Delay(10, Token);
        await worker.InterruptAsync();
        var end = await worker.EndAsync();

        end.ExitCode.ShouldBe(0, end.Error);
        var done = end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var left = await queue.ListAsync(cancellationToken: Token).Select(message => message.Body).ToListAsync(Token);
        left.ShouldNotBeEmpty();
        (await queue.ListAsync(new() { IncludeHidden = true }, Token).CountAsync(Token)).ShouldBe(left.Count);
        done.Concat(left).Select(int.Parse).Order().ShouldBe(Enumerable.Range(0, Messages));
    }

    private static async Task<IHost> StartAsync(Uri address, Work work)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(work);
        builder.Services.AddBurrow(options => (options.Endpoint, options.Account) = (address, "a"));
        builder.Services.AddBurrowWorker<Handler>("q", options =>
            (options.MaxConcurrency, options.Hide, options.PollTime) = (16, Hide, TimeSpan.FromSeconds(1)));
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }

    private sealed class Work
    {
        private readonly ConcurrentDictionary<string, DateTimeOffset> running = new();
        private int runs;
        private int longOnes;

        public ConcurrentDictionary<string, bool> Done { get; } = new();

        /// <summary>Messages that a handler began while another one had them claimed.</summary>
        public ConcurrentQueue<string> Overlapping { get; } = new();

        public int Runs => runs;

        /// <summary>Runs that took longer than a claim, and had it until their end.</summary>
        public int Long => longOnes;

        public async Task DoAsync(ClaimedMessage<string> message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref runs);
            if (running.TryGetValue(message.Id, out var until) && DateTimeOffset.UtcNow < until)
                Overlapping.Enqueue(message.Id);
            // A second less than it is told: that is how long an answer may have been on its way.
            var margin = TimeSpan.FromSeconds(1);
            running[message.Id] = message.Until - margin;
            var isLong = int.Parse(message.Body) % 250 == 7;
            try
            {
                for (var i = 0; isLong && i < 10; i++)
                {
                    await Task.Delay(Hide / 5, cancellationToken);
                    running[message.Id] = message.Until - margin;
                }
            }
            finally
            {
                running.TryRemove(message.Id, out _);
            }

            if (isLong)
                Interlocked.Increment(ref longOnes);
            Done[message.Id] = true;
        }
    }

    private sealed class Handler(Work work) : IMessageHandler<string>
    {
        public Task HandleAsync(ClaimedMessage<string> message, CancellationToken cancellationToken) =>
            work.DoAsync(message, cancellationToken);
    }
}

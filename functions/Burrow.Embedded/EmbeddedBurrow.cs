using System.Collections.Concurrent;
using System.Text.Json.Serialization.Metadata;
using Burrow.Access;
using Burrow.Client;
using Burrow.Health;
using Burrow.Http.Pipeline;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Tables.Memory;
using Burrow.Tables.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Burrow.Embedded;

/// <summary>
/// Burrow within this process: no server, no socket. It is used by the same <see cref="BurrowClient"/> as a service, and keeps the same
/// promises. Dispose it when the program ends.
/// </summary>
public sealed partial class EmbeddedBurrow : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private const string LocalAccount = "local";

    /// <summary>How a client addresses it: nothing is sent there.</summary>
    internal static readonly Uri Endpoint = new("http://burrow.embedded/");

    private readonly IHost host;
    private readonly ConcurrentDictionary<IDisposable, bool> opened = new();
    private readonly TimeProvider time;

    private EmbeddedBurrow(IHost host)
    {
        this.host = host;
        time = host.Services.GetRequiredService<TimeProvider>();
        Engine = host.Services.GetRequiredService<QueueEngine>();
        Client = NewClient(new() { Time = time });
    }

    /// <summary>The client.</summary>
    public BurrowClient Client { get; }

    /// <summary>The engine, for what needs no client.</summary>
    private QueueEngine Engine { get; }

    /// <summary>Starts it.</summary>
    /// <param name="options">Where it stores; null: in memory.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="IOException">Another process has the file.</exception>
    /// <exception cref="InvalidDataException">The file isn't one of Burrow's.</exception>
    public static async Task<EmbeddedBurrow> StartAsync(
        EmbeddedBurrowOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var builder = Host.CreateEmptyApplicationBuilder(new() { ApplicationName = nameof(EmbeddedBurrow) });
        if (options.Loggers is { } loggers)
            builder.Services.AddSingleton(loggers);
        if (options.Time is { } time)
            builder.Services.AddSingleton(time);
        // A factory, because the container disposes only what it makes.
        builder.Services.AddSingleton<ITableStore>(_ => options.File is { } file ? new SqliteTableStore(file) : new MemoryTableStore());
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.AddBurrow(builder.Configuration);
        builder.Services.Configure<BurrowOptions>(settings =>
        {
            // The program that holds it may do everything.
            settings.Access.Mode = AccessMode.Open;
            settings.Access.AllowAnyoneToReadAndDeleteEverything = true;
            settings.Quotas.RemoveAll();
            if (options.DefaultTtl is { } ttl)
                settings.DefaultTtl = ttl == Timeout.InfiniteTimeSpan ? 0 : (long)Math.Ceiling(ttl.TotalSeconds);
        });
        builder.Services.AddHostedService<Sweeps>();
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            return new(host);
        }
        catch
        {
            await DisposeAsync(host).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Another client of it, with options of its own.</summary>
    public BurrowClient NewClient(BurrowClientOptions options) => new(Endpoint, NewHandler(), options);

    /// <summary>What sends a client's requests.</summary>
    internal HttpMessageHandler NewHandler() => new InProcessHandler(
        host.Services.GetRequiredService<Responder>(), host.Services.GetServices<IEndpoint>(), host.Services);

    /// <summary>An account of it.</summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8.</param>
    public BurrowAccount Account(string name) => Client.Account(name);

    /// <summary>
    /// Opens a queue between the threads of this program, with what is in it from before. Only one object may be opened for a queue.
    /// </summary>
    /// <param name="name">Its name: 1 to 512 bytes of UTF-8. It is a queue of the account <c>local</c>.</param>
    /// <param name="type">How items are written, as the source generator of <c>System.Text.Json</c> makes it.</param>
    /// <param name="maxSize">How many items it holds at most; 0: without bound.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="InvalidOperationException">The queue has hidden messages: it is used in another way, too.</exception>
    public async Task<BoundedQueue<T>> OpenBoundedQueueAsync<T>(
        string name, JsonTypeInfo<T> type, int maxSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxSize);
        var queue = await BoundedQueue<T>.OpenAsync(
            Engine, new(new(LocalAccount), QueueName.Parse(name)), BodyFormat.Json(type), maxSize, time, Forget, cancellationToken)
            .ConfigureAwait(false);
        opened[queue] = true;
        return queue;
    }

    /// <summary>Stops it, after the requests under way. Waits of clients and of queues between threads end.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var queue in opened.Keys)
            queue.Dispose();
        Client.Dispose();
        await host.StopAsync().ConfigureAwait(false);
        await DisposeAsync(host).ConfigureAwait(false);
    }

    private void Forget(IDisposable queue) => opened.TryRemove(queue, out _);

    private static ValueTask DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable both)
            return both.DisposeAsync();
        host.Dispose();
        return default;
    }

    /// <summary>The program's own host handles its signals.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Does the timer's work once a minute.</summary>
    private sealed partial class Sweeps(SweepRunner sweeper, TimeProvider time, ILogger<Sweeps> logger) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            using var timer = new PeriodicTimer(SweepInterval, time);
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await sweeper.RunAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    Failed(e);
                }
            }
        }

        [LoggerMessage(Level = LogLevel.Error, Message = "Expired messages could not be removed; it is tried again in a minute.")]
        private partial void Failed(Exception exception);
    }
}

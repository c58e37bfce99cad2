using Azure.Identity;
using Burrow.Access;
using Burrow.Events;
using Burrow.Health;
using Burrow.Http;
using Burrow.Queues;
using Burrow.Tables;
using Burrow.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow;

/// <summary>Puts Burrow together, for every process that runs it.</summary>
public static class BurrowServices
{
    /// <summary>
    /// All that the triggers need. The settings are checked when the process starts, and the tables created. Tables are in
    /// the <see cref="ITableStore"/> registered before, or else in Azure Table storage as <see cref="BurrowOptions.Storage"/> says.
    /// </summary>
    public static IServiceCollection AddBurrow(this IServiceCollection services, IConfiguration configuration)
    {
        var options = services.AddOptions<BurrowOptions>().Bind(configuration.GetSection(BurrowOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BurrowOptions>, BurrowOptionsValidator>();
        if (!services.Any(service => service.ServiceType == typeof(ITableStore)))
        {
            options.Validate(
                settings => settings.Storage.ConnectionString is { Length: > 0 } != settings.Storage.TableServiceUri is not null,
                "Set either Burrow:Storage:ConnectionString or Burrow:Storage:TableServiceUri.");
            services.AddSingleton(ConnectTables);
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        services.AddEvents();
        services.AddSingleton(provider => new QueueEngine(
            provider.GetRequiredService<ITableStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<IOptions<BurrowOptions>>().Value,
            provider.GetRequiredService<ILogger<QueueEngine>>(),
            provider.GetRequiredService<IEventOutbox>()));
        services.AddHostedService<Lifetime>();
        services.AddHostedService<CountsWriter>();
        services.AddAccess();
        services.AddHealth();
        services.AddTelemetry(configuration);
        services.AddSingleton(provider => new Responder(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<Quotas>(),
            provider.GetRequiredService<Cors>(),
            provider.GetRequiredService<ILogger<Responder>>()));
        services.AddSingleton(provider => new Cors(
            provider.GetRequiredService<IOptions<BurrowOptions>>().Value.Access, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<VersionsEndpoint>();
        services.AddSingleton<OpenApiEndpoint>();
        services.AddSingleton<AccountsEndpoint>();
        services.AddSingleton<QueuesEndpoint>();
        services.AddSingleton<MessagesEndpoint>();
        services.AddSingleton<MessageEndpoint>();
        services.AddSingleton<BatchEndpoint>();
        services.AddSingleton<StatisticsEndpoint>();
        services.AddSingleton(provider => new HealthEndpoint(provider.GetRequiredService<Responder>(), provider.GetRequiredService<Readiness>()));
        services.AddSingleton(provider => new SubscriptionsEndpoint(
            provider.GetRequiredService<Responder>(), provider.GetRequiredService<EventGridIntegration>().Subscriptions, provider.GetRequiredService<WebhookRules>()));
        services.AddSingleton(provider => new KeysEndpoint(provider.GetRequiredService<Responder>(), provider.GetRequiredService<KeyService>()));
        services.AddSingleton(provider => new LinksEndpoint(
            provider.GetRequiredService<Responder>(),
            provider.GetRequiredService<LinkSigner>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IOptions<BurrowOptions>>()));
        services.AddSingleton(provider => new LimitsEndpoint(provider.GetRequiredService<Responder>(), provider.GetRequiredService<Quotas>()));
        services.AddSingleton(provider => new SigningKeysEndpoint(
            provider.GetRequiredService<Responder>(), provider.GetRequiredService<EventGridIntegration>()));
        return services;
    }

    private static ITableStore ConnectTables(IServiceProvider provider)
    {
        var storage = provider.GetRequiredService<IOptions<BurrowOptions>>().Value.Storage;
        return storage.ConnectionString is { Length: > 0 } connectionString
            ? AzureTableStore.Connect(connectionString, storage.TablePrefix)
            : AzureTableStore.Connect(storage.TableServiceUri!, new DefaultAzureCredential(), storage.TablePrefix);
    }
}

[OptionsValidator]
internal sealed partial class BurrowOptionsValidator : IValidateOptions<BurrowOptions>;

/// <summary>
/// Creates the tables once, when the process starts (an identity that may not is told so; the tables may be there), and lets
/// go of those who wait when it stops.
/// </summary>
internal sealed partial class Lifetime(
    ITableStore store, QueueEngine queues, Readiness readiness, IHostApplicationLifetime application, ILogger<Lifetime> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        application.ApplicationStopping.Register(queues.StopWaiting);
        readiness.Start();
        try
        {
            await store.CreateAsync(Readiness.Tables, cancellationToken);
        }
        catch (TableUnavailableException e)
        {
            NotCreated(e.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The tables could not be created; requests fail unless they exist. {Reason}")]
    private partial void NotCreated(string reason);
}

/// <summary>Writes down every few seconds, and when the process has served its last request, how much was put and removed.</summary>
internal sealed partial class CountsWriter(QueueEngine queues, TimeProvider time, ILogger<CountsWriter> logger) : BackgroundService, IHostedLifecycleService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Limits.CountsInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await WriteAsync(CancellationToken.None);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => WriteAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await queues.WriteCountsAsync(cancellationToken);
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "How much is stored could not be written down.")]
    private partial void Failed(Exception exception);
}

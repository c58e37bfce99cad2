using Azure.Identity;
using Burrow.Access;
using Burrow.Events;
using Burrow.Events.Subscriptions;
using Burrow.Health;
using Burrow.Http.Access;
using Burrow.Http.Events;
using Burrow.Http.Messages;
using Burrow.Http.Pipeline;
using Burrow.Http.Service;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
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

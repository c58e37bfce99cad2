using Burrow.Access;
using Burrow.Events.Model;
using Burrow.Events.Subscriptions;
using Burrow.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Events;

/// <summary>Registers the services that publish events and manage subscriptions.</summary>
internal static class EventsServices
{
    /// <summary>Registers all of these services. If the settings name no domain, there are no events and no subscriptions.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new WebhookRules(
            [.. provider.GetRequiredService<IOptions<EventsOptions>>().Value.Ports]));
        services.TryAddKeyedSingleton(ServiceKey, (_, _) => NewClient());
        services.AddSingleton(provider => new EventGridIntegration(
            provider.GetRequiredService<IOptions<EventsOptions>>().Value,
            provider.GetRequiredService<IOptions<AccessOptions>>().Value.Secrets,
            provider.GetRequiredKeyedService<HttpClient>(ServiceKey),
            provider.GetRequiredService<ITableStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => provider.GetRequiredService<EventGridIntegration>().Outbox);
        return services;
    }

    /// <summary>The key of the HTTP client that speaks to Event Grid.</summary>
    public const string ServiceKey = "EventGrid";

    /// <summary>A client that sends requests only to the address it is given: it follows no redirects.</summary>
    private static HttpClient NewClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(10),
    })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };
}

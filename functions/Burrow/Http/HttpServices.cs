using Burrow.Access;
using Burrow.Events;
using Burrow.Events.Model;
using Burrow.Events.Subscriptions;
using Burrow.Health;
using Burrow.Http.Access;
using Burrow.Http.Events;
using Burrow.Http.Messages;
using Burrow.Http.Pipeline;
using Burrow.Http.Service;
using Burrow.Queues;
using Burrow.Relays;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Http;

/// <summary>Registers the HTTP surface: an endpoint for each resource.</summary>
internal static class HttpServices
{
    public static IServiceCollection AddHttp(this IServiceCollection services)
    {
        services.AddSingleton(provider => new Cors(
            provider.GetRequiredService<IOptions<AccessOptions>>().Value, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => new RequestWatch(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Responder(
            provider.GetRequiredService<Authenticator>(),
            provider.GetRequiredService<Quotas>(),
            provider.GetRequiredService<Cors>(),
            provider.GetRequiredService<RequestWatch>(),
            provider.GetRequiredService<ILogger<Responder>>()));
        services.AddEndpoint((responder, _) => new VersionsEndpoint(responder));
        services.AddEndpoint((responder, _) => new OpenApiEndpoint(responder));
        services.AddEndpoint((responder, provider) => new AccountsEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new QueuesEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new MessagesEndpoint(
            responder,
            provider.GetRequiredService<QueueEngine>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IOptions<QueueOptions>>()));
        services.AddEndpoint((responder, provider) => new MessageEndpoint(
            responder, provider.GetRequiredService<QueueEngine>(), provider.GetRequiredService<IOptions<QueueOptions>>()));
        services.AddEndpoint((responder, provider) => new BatchEndpoint(
            responder, provider.GetRequiredService<QueueEngine>(), provider.GetRequiredService<IOptions<QueueOptions>>()));
        services.AddEndpoint((responder, provider) => new DeadEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new PoliciesEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new RelaysEndpoint(
            responder,
            provider.GetRequiredService<QueueEngine>(),
            provider.GetRequiredService<RelayRules>(),
            provider.GetRequiredService<RelayKeys>()));
        services.AddEndpoint((responder, provider) => new ResultsEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new GroupsEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new ProducersEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new ReadersEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new StatisticsEndpoint(responder, provider.GetRequiredService<QueueEngine>()));
        services.AddEndpoint((responder, provider) => new HealthEndpoint(responder, provider.GetRequiredService<Readiness>()));
        services.AddEndpoint((responder, provider) => new SubscriptionsEndpoint(
            responder,
            provider.GetRequiredService<EventGridIntegration>().Subscriptions,
            provider.GetRequiredService<WebhookRules>()));
        services.AddEndpoint((responder, provider) => new KeysEndpoint(responder, provider.GetRequiredService<KeyService>()));
        services.AddEndpoint((responder, provider) => new LinksEndpoint(
            responder,
            provider.GetRequiredService<LinkSigner>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IOptions<EventsOptions>>().Value));
        services.AddEndpoint((responder, provider) => new LimitsEndpoint(responder, provider.GetRequiredService<Quotas>()));
        services.AddEndpoint(
            (responder, provider) => new SigningKeysEndpoint(responder, provider.GetRequiredService<EventGridIntegration>()));
        return services;
    }

    private static void AddEndpoint<TEndpoint>(this IServiceCollection services, Func<Responder, IServiceProvider, TEndpoint> create)
        where TEndpoint : class, IEndpoint
    {
        services.AddSingleton(provider => create(provider.GetRequiredService<Responder>(), provider));
        services.AddSingleton<IEndpoint>(provider => provider.GetRequiredService<TEndpoint>());
    }
}

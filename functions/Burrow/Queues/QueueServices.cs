using Burrow.Queues.Relays;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Queues;

/// <summary>Registers the queue engine, and the service that writes its counts.</summary>
internal static class QueueServices
{
    public static IServiceCollection AddQueues(this IServiceCollection services)
    {
        services.AddSingleton(provider => new QueueEngine(
            provider.GetRequiredService<ITableStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<IOptions<QueueOptions>>().Value,
            provider.GetRequiredService<ILogger<QueueEngine>>(),
            provider.GetRequiredService<IEventOutbox>(),
            provider.GetRequiredService<IRelayWire>(),
            provider.GetRequiredService<IOptions<RelaysOptions>>().Value.Stamp));
        services.AddHostedService<CountsWriter>();
        return services;
    }
}

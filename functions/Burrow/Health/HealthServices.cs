using Burrow.Queues;
using Burrow.Tables;
using Burrow.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Health;

/// <summary>Registers the services that know how the service is doing, and whether it can do its work.</summary>
internal static class HealthServices
{
    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        // The first of the hosted services: it creates the tables that the others use.
        services.AddHostedService<StartupService>();
        services.AddSingleton(provider => new LastSweep(provider.GetRequiredService<ITableStore>()));
        services.AddSingleton(provider => new SweepRunner(
            provider.GetRequiredService<QueueEngine>(),
            provider.GetRequiredService<LastSweep>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SweepRunner>>()));
        services.AddSingleton(provider => new Readiness(
            provider.GetRequiredService<ITableStore>(),
            provider.GetRequiredService<LastSweep>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Readiness>>()));
        services.AddHostedService(provider => new QueueSampler(
            provider.GetRequiredService<QueueEngine>(),
            provider.GetRequiredService<IOptions<TelemetryOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<QueueSampler>>()));
        return services;
    }
}

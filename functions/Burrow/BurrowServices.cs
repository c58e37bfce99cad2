using Burrow.Access;
using Burrow.Events;
using Burrow.Health;
using Burrow.Http;
using Burrow.Queues;
using Burrow.Relays;
using Burrow.Tables;
using Burrow.Tables.Azure;
using Burrow.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Burrow;

/// <summary>Composes Burrow, for every process that runs it.</summary>
public static class BurrowServices
{
    /// <summary>
    /// Registers everything that the triggers need. The settings are checked, and the tables created, when the process starts. The
    /// tables are in the <see cref="ITableStore"/> that is already registered. Without one, they are in Azure Table storage, as
    /// <see cref="BurrowOptions.Storage"/> says.
    /// </summary>
    public static IServiceCollection AddBurrow(this IServiceCollection services, IConfiguration configuration)
    {
        var options = services.AddOptions<BurrowOptions>().Bind(configuration.GetSection(BurrowOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<BurrowOptions>, BurrowOptionsValidator>();
        services.AddSingleton<IValidateOptions<BurrowOptions>, BurrowOptionsRules>();
        services.AddPart<QueueOptions>(all => all);
        services.AddPart(all => all.Storage);
        services.AddPart(all => all.Events);
        services.AddPart(all => all.Access);
        services.AddPart(all => all.Quotas);
        services.AddPart(all => all.Relays);
        services.AddPart(all => all.Telemetry);
        if (!services.Any(service => service.ServiceType == typeof(ITableStore)))
        {
            options.Validate(
                settings => settings.Storage.ConnectionString is { Length: > 0 } != settings.Storage.TableServiceUri is not null,
                "Set either Burrow:Storage:ConnectionString or Burrow:Storage:TableServiceUri.");
            services.AddAzureTables();
        }

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Random.Shared);
        return services.AddHealth().AddEvents().AddRelays().AddQueues().AddAccess().AddTelemetry(configuration).AddHttp();
    }

    /// <summary>Gives a room its part of the settings.</summary>
    private static void AddPart<TPart>(this IServiceCollection services, Func<BurrowOptions, TPart> part)
        where TPart : class =>
            services.AddSingleton(provider => Options.Create(part(provider.GetRequiredService<IOptions<BurrowOptions>>().Value)));
}

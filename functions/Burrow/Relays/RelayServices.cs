using Burrow.Access;
using Burrow.Events.Signing;
using Burrow.Queues.Relays;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Burrow.Relays;

/// <summary>Registers the way to other deployments.</summary>
internal static class RelayServices
{
    public static IServiceCollection AddRelays(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => RulesOf(provider.GetRequiredService<IOptions<RelaysOptions>>().Value, allowsLoopback: false));
        services.AddSingleton(provider => new RelayKeys(
            new SecretBox(provider.GetRequiredService<IOptions<AccessOptions>>().Value.Secrets, "burrow relay keys")));
        services.TryAddKeyedSingleton(
            HttpRelayWire.ServiceKey, (provider, _) => HttpRelayWire.NewClient(provider.GetRequiredService<RelayRules>()));
        services.AddSingleton<IRelayWire>(provider => new HttpRelayWire(
            provider.GetRequiredKeyedService<HttpClient>(HttpRelayWire.ServiceKey),
            provider.GetRequiredService<RelayKeys>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    /// <summary>The rules that the settings say.</summary>
    public static RelayRules RulesOf(RelaysOptions options, bool allowsLoopback) => new(options.Hosts, [.. options.Ports], allowsLoopback);
}

using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Access;

/// <summary>Registers the services that decide who may do what.</summary>
internal static class AccessServices
{
    /// <summary>
    /// The log categories that write a request line as received, with its query, before our code sees it. The query may hold a link.
    /// </summary>
    private static readonly string[] RequestLineCategories =
        ["Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Server.Kestrel.BadRequests"];

    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton(provider => new AccessTable(
            provider.GetRequiredService<ITableStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>()));
        services.AddSingleton(provider => new KeyService(
            provider.GetRequiredService<AccessTable>(),
            OptionsOf(provider).Secrets,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KeyService>>()));
        services.AddSingleton(provider => new LinkSigner(OptionsOf(provider).Secrets));
        services.AddSingleton(provider => new Authenticator(
            OptionsOf(provider),
            provider.GetRequiredService<KeyService>(),
            provider.GetRequiredService<LinkSigner>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new Quotas(
            provider.GetRequiredService<AccessTable>(),
            provider.GetRequiredService<IOptions<QuotasOptions>>().Value,
            provider.GetRequiredService<QueueEngine>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>()));
        services.PostConfigure<LoggerFilterOptions>(FilterRequestLines);
        return services;

        static AccessOptions OptionsOf(IServiceProvider provider) => provider.GetRequiredService<IOptions<AccessOptions>>().Value;
    }

    /// <summary>
    /// Adds rules after all configured ones. Each provider with rules of its own gets them too, because its own rules win over common
    /// rules.
    /// </summary>
    private static void FilterRequestLines(LoggerFilterOptions filter)
    {
        foreach (var provider in filter.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList())
        {
            foreach (var category in RequestLineCategories)
                filter.Rules.Add(new(provider, category, LogLevel.Warning, null));
        }
    }
}

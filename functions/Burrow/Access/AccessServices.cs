using Burrow.Queues;
using Burrow.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Access;

/// <summary>Puts together what says who may do what.</summary>
internal static class AccessServices
{
    /// <summary>What logs a request's line as it came, query and all, before anything of ours sees it: a link is in the query.</summary>
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
            OptionsOf(provider).Secret,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KeyService>>()));
        services.AddSingleton(provider => new LinkSigner(OptionsOf(provider).Secret));
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

    /// <summary>After all that anybody configured, and for each provider that has rules of its own, as those come before common ones.</summary>
    private static void FilterRequestLines(LoggerFilterOptions filter)
    {
        foreach (var provider in filter.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList())
        {
            foreach (var category in RequestLineCategories)
                filter.Rules.Add(new(provider, category, LogLevel.Warning, null));
        }
    }
}

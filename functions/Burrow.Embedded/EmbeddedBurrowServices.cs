using Burrow.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Burrow.Embedded;

/// <summary>Burrow within a program that is composed by dependency injection.</summary>
public static class EmbeddedBurrowServices
{
    /// <summary>
    /// Adds an <see cref="EmbeddedBurrow"/>, its <see cref="BurrowClient"/> and the <see cref="BurrowAccount"/> that the program uses, as
    /// singletons. So workers (<c>AddBurrowWorker</c>) serve queues within the program. It starts when it is first asked for, and ends with
    /// the program's services, after its workers.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="account">The account.</param>
    /// <param name="file">Where it stores; null: in memory.</param>
    public static IServiceCollection AddEmbeddedBurrow(this IServiceCollection services, string account = "local", string? file = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(account);
        services.TryAddSingleton(provider => EmbeddedBurrow.StartAsync(new()
        {
            File = file,
            Time = provider.GetService<TimeProvider>(),
            Loggers = provider.GetService<ILoggerFactory>(),
        }).GetAwaiter().GetResult());
        services.TryAddSingleton(provider => provider.GetRequiredService<EmbeddedBurrow>().Client);
        services.TryAddSingleton(provider => provider.GetRequiredService<EmbeddedBurrow>().Account(account));
        return services;
    }
}

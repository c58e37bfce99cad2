using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Burrow.Client.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Client;

/// <summary>Burrow in a program that is composed by dependency injection.</summary>
public static class BurrowServices
{
    private const DynamicallyAccessedMemberTypes Constructed = DynamicallyAccessedMemberTypes.PublicConstructors;

    /// <summary>
    /// Adds a <see cref="BurrowClient"/> and the <see cref="BurrowAccount"/> that the program uses, as singletons. The options may as well
    /// be bound to a section of the configuration.
    /// </summary>
    public static IServiceCollection AddBurrow(this IServiceCollection services, Action<BurrowOptions> configure)
    {
        services.AddOptions<BurrowOptions>()
            .Configure(configure)
            .Validate(options => options.Endpoint is not null, "Burrow: Endpoint is needed: where the service is.")
            .Validate(options => !string.IsNullOrEmpty(options.Account), "Burrow: Account is needed.");
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<BurrowOptions>>().Value;
            options.Time ??= provider.GetService<TimeProvider>();
            return new BurrowClient(options.Endpoint!, options);
        });
        services.TryAddSingleton(provider => provider.GetRequiredService<BurrowClient>().Account(
            provider.GetRequiredService<IOptions<BurrowOptions>>().Value.Account!));
        return services;
    }

    /// <summary>
    /// Adds a worker: a hosted service that claims messages and hands each to a handler of its own scope (docs/client.md). It
    /// needs <see cref="AddBurrow"/>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="queues">A queue's name, or a beginning and <c>*</c> for all queues that begin so.</param>
    /// <param name="type">How messages are written, as the source generator of <c>System.Text.Json</c> makes it.</param>
    /// <param name="configure">Sets how the worker works; null: the defaults.</param>
    public static IServiceCollection AddBurrowWorker<TMessage, [DynamicallyAccessedMembers(Constructed)] THandler>(
        this IServiceCollection services, string queues, JsonTypeInfo<TMessage> type, Action<BurrowWorkerOptions>? configure = null)
        where THandler : class, IMessageHandler<TMessage>
    {
        ArgumentNullException.ThrowIfNull(type);
        return services.AddWorker<TMessage, THandler>(queues, _ => BodyFormat.Json(type), configure);
    }

    /// <summary>Adds the same for messages that are JSON as <see cref="BurrowClientOptions.Json"/> says.</summary>
    /// <param name="services">The services.</param>
    /// <param name="queues">A queue's name, or a beginning and <c>*</c> for all queues that begin so.</param>
    /// <param name="configure">Sets how the worker works; null: the defaults.</param>
    [RequiresUnreferencedCode("The type may be looked at by reflection. Give a JsonTypeInfo.")]
    [RequiresDynamicCode("The type may be looked at by reflection. Give a JsonTypeInfo.")]
    public static IServiceCollection AddBurrowWorker<TMessage, [DynamicallyAccessedMembers(Constructed)] THandler>(
        this IServiceCollection services, string queues, Action<BurrowWorkerOptions>? configure = null)
        where THandler : class, IMessageHandler<TMessage> =>
        services.AddWorker<TMessage, THandler>(
            queues,
            provider => BodyFormat.Json((JsonTypeInfo<TMessage>)(provider.GetService<IOptions<BurrowOptions>>()?.Value.Json
                ?? JsonSerializerOptions.Web).GetTypeInfo(typeof(TMessage))),
            configure);

    /// <summary>Adds the same for messages that are text.</summary>
    /// <param name="services">The services.</param>
    /// <param name="queues">A queue's name, or a beginning and <c>*</c> for all queues that begin so.</param>
    /// <param name="configure">Sets how the worker works; null: the defaults.</param>
    public static IServiceCollection AddBurrowWorker<[DynamicallyAccessedMembers(Constructed)] THandler>(
        this IServiceCollection services, string queues, Action<BurrowWorkerOptions>? configure = null)
        where THandler : class, IMessageHandler<string> =>
        services.AddWorker<string, THandler>(queues, _ => BodyFormat.Text, configure);

    /// <summary>Adds the same for messages that are bytes.</summary>
    /// <param name="services">The services.</param>
    /// <param name="queues">A queue's name, or a beginning and <c>*</c> for all queues that begin so.</param>
    /// <param name="configure">Sets how the worker works; null: the defaults.</param>
    public static IServiceCollection AddBurrowBytesWorker<[DynamicallyAccessedMembers(Constructed)] THandler>(
        this IServiceCollection services, string queues, Action<BurrowWorkerOptions>? configure = null)
        where THandler : class, IMessageHandler<ReadOnlyMemory<byte>> =>
        services.AddWorker<ReadOnlyMemory<byte>, THandler>(queues, _ => BodyFormat.Bytes, configure);

    private static IServiceCollection AddWorker<TMessage, [DynamicallyAccessedMembers(Constructed)] THandler>(
        this IServiceCollection services,
        string queues,
        Func<IServiceProvider, BodyFormat<TMessage>> format,
        Action<BurrowWorkerOptions>? configure)
        where THandler : class, IMessageHandler<TMessage>
    {
        var options = new BurrowWorkerOptions();
        configure?.Invoke(options);
        options.Validate();
        services.TryAddScoped<THandler>();
        services.TryAddSingleton<BurrowHealthCheck>();
        services.AddSingleton<IHostedService>(provider => new BurrowWorker<TMessage, THandler>(
            provider.GetRequiredService<BurrowAccount>(),
            queues,
            format(provider),
            options,
            provider.GetRequiredService<IServiceScopeFactory>(),
            provider.GetRequiredService<BurrowHealthCheck>(),
            provider.GetRequiredService<ILoggerFactory>()));
        return services;
    }
}

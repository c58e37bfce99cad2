using System.Security.Cryptography;
using Burrow.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Burrow.Events;

/// <summary>Puts together what tells Event Grid.</summary>
internal static class EventsServices
{
    /// <summary>All of it, where the settings name a domain; else there are no events and no subscriptions.</summary>
    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<BurrowOptions>, EventsOptionsValidator>();
        services.TryAddSingleton(provider => new WebhookRules(
            [.. provider.GetRequiredService<IOptions<BurrowOptions>>().Value.Events.Ports]));
        services.TryAddKeyedSingleton(ServiceKey, (_, _) => NewClient());
        services.AddSingleton(provider => new EventGridIntegration(
            provider.GetRequiredService<IOptions<BurrowOptions>>().Value,
            provider.GetRequiredKeyedService<HttpClient>(ServiceKey),
            provider.GetRequiredService<ITableStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => provider.GetRequiredService<EventGridIntegration>().Outbox);
        return services;
    }

    /// <summary>Of the client that speaks to Event Grid.</summary>
    public const string ServiceKey = "EventGrid";

    /// <summary>A client that asks just what it is told to ask.</summary>
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

/// <summary>What a domain needs.</summary>
internal sealed class EventsOptionsValidator : IValidateOptions<BurrowOptions>
{
    public ValidateOptionsResult Validate(string? name, BurrowOptions options)
    {
        var events = options.Events;
        if (!events.IsOn)
            return ValidateOptionsResult.Success;
        var wrong = new List<string>();
        if (events.Domain is null)
            wrong.Add("Burrow:Events:TopicEndpoint needs Burrow:Events:Domain, the domain's resource at the management endpoint.");
        if (events.SigningKeys is not { Length: > 0 } keys)
            wrong.Add("Burrow:Events:TopicEndpoint needs Burrow:Events:SigningKeys, that events are signed with.");
        else if (!IsKeys(keys))
            wrong.Add("Burrow:Events:SigningKeys are private keys on the curve P-256, as PEM (PKCS#8).");
        if (options.Access.Secret is null)
            wrong.Add("Burrow:Events:TopicEndpoint needs Burrow:Access:Secret, that subscriptions' headers are encrypted with.");
        foreach (var uri in new[] { events.TopicEndpoint, events.Domain }.OfType<Uri>())
        {
            // Without TLS a token would be anybody's; a key is for the local process.
            if (!uri.IsAbsoluteUri || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback && events.Key is { Length: > 0 })))
                wrong.Add($"'{uri}' is no https address.");
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static bool IsKeys(string keys)
    {
        try
        {
            _ = SigningKeyPem.Read(keys);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }
}

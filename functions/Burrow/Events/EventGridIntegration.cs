using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Messaging.EventGrid;
using Burrow.Access;
using Burrow.Events.EventGrid;
using Burrow.Events.Model;
using Burrow.Events.Outbox;
using Burrow.Events.Reconciling;
using Burrow.Events.Signing;
using Burrow.Events.Subscriptions;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Microsoft.Extensions.Logging;

namespace Burrow.Events;

/// <summary>The parts that speak to Event Grid. If the settings turn events off, there are none.</summary>
public sealed class EventGridIntegration
{
    private readonly Lazy<EventSigner>? signer;

    internal EventGridIntegration(
        EventsOptions events,
        DeploymentSecret secret,
        HttpClient http,
        ITableStore store,
        TimeProvider time,
        Random random,
        ILoggerFactory loggers)
    {
        if (!events.IsOn)
            return;
        var credential = events.Key is { Length: > 0 } ? null : new DefaultAzureCredential();
        var secrets = new SecretBox(secret);
        var table = new SubscriptionTable(store, time, random);
        // The signer and the client are created when they are first needed: most processes with events on have no subscribers.
        signer = new(() => new EventSigner(events, time));
        var client = new Lazy<EventGridPublisherClient>(() => NewClient(events, http, credential));
        Subscriptions = new SubscriptionService(
            table, new EventGridManagement(http, events, credential), secrets, time, loggers.CreateLogger<SubscriptionService>());
        var outbox = new EventComposer(signer, events, time, random);
        Outbox = new EventPublisher(
            new EventGridSink(client, outbox, time),
            outbox,
            new SubscriptionCache(table, time).GetKindsAsync,
            store,
            time,
            random,
            loggers.CreateLogger<EventPublisher>());
    }

    internal IEventOutbox Outbox { get; } = new NoEventOutbox();

    internal SubscriptionService? Subscriptions { get; }

    internal EventSigner? Signer => signer?.Value;

    /// <inheritdoc cref="SubscriptionService.ReconcileAsync"/>
    public Task ReconcileAsync(CancellationToken cancellationToken) =>
        Subscriptions?.ReconcileAsync(cancellationToken) ?? Task.CompletedTask;

    private static EventGridPublisherClient NewClient(EventsOptions events, HttpClient http, TokenCredential? credential)
    {
        // The client does not retry: the outbox keeps events that Event Grid does not accept.
        var options = new EventGridPublisherClientOptions { Retry = { MaxRetries = 0 }, Transport = new HttpClientTransport(http) };
        return credential is null
            ? new(events.TopicEndpoint, new AzureKeyCredential(events.Key!), options)
            : new(events.TopicEndpoint, credential, options);
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using Burrow.Tables;

namespace Burrow.Local.EventGrid;

/// <summary>
/// The part of Event Grid that Burrow uses, within the local process. It keeps event subscriptions and makes the handshake with
/// their endpoints. It filters events, and delivers them from its backlog. docs/events.md says where it is simpler than Event Grid.
/// </summary>
internal sealed class StandIn : BackgroundService
{
    /// <summary>How long the stand-in remembers an operation.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<(string Topic, string Name), EventSubscription> subscriptions = new();
    private readonly ConcurrentDictionary<string, (string Status, string? Reason, long At)> operations = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StandInStore store;
    private readonly WebhookClient webhooks;
    private readonly Deliverer deliverer;
    private readonly Retry retry;
    private readonly TimeProvider time;
    private readonly Backlog backlog;
    private long last;

    public StandIn(
        StandInStore store, WebhookClient webhooks, Deliverer deliverer, Retry retry, TimeProvider time, ILogger<StandIn> logger)
    {
        (this.store, this.webhooks, this.deliverer, this.retry, this.time) = (store, webhooks, deliverer, retry, time);
        backlog = new(subscriptions, store, deliverer, retry, time, logger, stopping.Token);
    }

    /// <summary>The last attempts, the latest first.</summary>
    public IReadOnlyList<DeliveryAttempt> Attempts => deliverer.Log.Attempts;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
        await backlog.StoppedAsync().WaitAsync(cancellationToken);
    }

    /// <summary>Completes when it has loaded what earlier processes stored: event subscriptions and deliveries.</summary>
    public Task ReadyAsync(CancellationToken cancellationToken) => loaded.Task.WaitAsync(cancellationToken);

    /// <summary>How many deliveries of a topic are open, and those that come next.</summary>
    public async Task<(int Count, IReadOnlyList<Delivery> Next)> OpenAsync(string topic, int count, CancellationToken cancellationToken) =>
        (backlog.SizeOf(topic).Events, await backlog.NextAsync(topic, count, cancellationToken));

    public EventSubscription? Find(string topic, string name) => subscriptions.GetValueOrDefault((topic, name));

    /// <summary>Creates or replaces an event subscription, and starts its handshake.</summary>
    /// <returns>The operation that reports on the change, and whether the event subscription is new.</returns>
    public async Task<(string Operation, bool Created)> PutAsync(EventSubscription subscription, CancellationToken cancellationToken)
    {
        var key = (subscription.Topic, subscription.Name);
        var created = !subscriptions.TryGetValue(key, out var old);
        // An event subscription that delivers keeps taking events while it changes.
        subscription = subscription with { State = old?.Delivers == true ? "Updating" : "Creating" };
        await store.WriteAsync(subscription, cancellationToken);
        subscriptions[key] = subscription;
        var operation = Guid.NewGuid().ToString("n");
        Remember(operation, "InProgress", null);
        _ = ShakeHandsAsync(subscription, operation);
        return (operation, created);
    }

    public async Task<bool> DeleteAsync(string topic, string name, CancellationToken cancellationToken)
    {
        if (!subscriptions.TryGetValue((topic, name), out var subscription))
            return false;
        await store.RemoveAsync(subscription, cancellationToken);
        subscriptions.TryRemove((topic, name), out _);
        backlog.Drop(topic, name);
        return true;
    }

    /// <summary>The status of a change; null if the operation is unknown.</summary>
    public (string Status, string? Reason)? Operation(string operation) =>
        operations.TryGetValue(operation, out var found) ? (found.Status, found.Reason) : null;

    /// <summary>Takes events. Once this returns null, they are delivered, even if this process ends.</summary>
    /// <returns>Null; or, in words, why it takes none of these events: their account has too many open deliveries.</returns>
    public async Task<string?> PublishAsync(IEnumerable<JsonElement> events, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var deliveries = new List<(Delivery Delivery, byte[] Event)>();
        foreach (var one in events)
        {
            var (source, id, subject) = (Text(one, "source"), Text(one, "id"), Text(one, "subject"));
            byte[]? json = null;
            foreach (var subscription in subscriptions.Values)
            {
                if (subscription.Topic == source && subscription.Delivers && subscription.Matches(subject, Text(one, "type")))
                {
                    json ??= JsonSerializer.SerializeToUtf8Bytes(one);
                    // The key is unique, and keys sort in the order in which events arrive.
                    var key = $"{now:x16}-{Interlocked.Increment(ref last):x8}-{Random.Shared.Next():x8}";
                    deliveries.Add((new(key, source, subscription.Name, id, subject, json.Length, now, 0, now, null), json));
                }
            }
        }

        if (deliveries.Select(one => one.Delivery.Topic).Distinct().FirstOrDefault(backlog.IsFull) is { } topic)
        {
            var (open, bytes) = backlog.SizeOf(topic);
            return $"{topic} has {open} open deliveries with {bytes} bytes. It takes more events below {Backlog.MaxEvents} deliveries "
                + $"and {Backlog.MaxBytes} bytes.";
        }

        await backlog.AddAsync(deliveries, cancellationToken);
        return null;

        static string Text(JsonElement one, string name) => one.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }

    /// <summary>Continues the work that was left when the last process ended. Requests start all other work.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await retry.UntilDoneAsync(() => LoadAsync(stoppingToken), stoppingToken);
        loaded.TrySetResult();
        foreach (var interrupted in subscriptions.Values.Where(one => one.State is "Creating" or "Updating"))
            _ = ShakeHandsAsync(interrupted, Guid.NewGuid().ToString("n"));
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        await store.CreateAsync(cancellationToken);
        // The event subscriptions come first: a delivery without its own is removed.
        foreach (var subscription in await store.SubscriptionsAsync(cancellationToken))
            subscriptions.TryAdd((subscription.Topic, subscription.Name), subscription);
        await backlog.LoadAsync(cancellationToken);
    }

    private async Task ShakeHandsAsync(EventSubscription subscription, string operation)
    {
        await Task.Yield();
        try
        {
            var refused = await webhooks.HandshakeAsync(subscription, stopping.Token);
            var reason = refused is null
                ? null
                : $"Webhook validation handshake failed for {subscription.Endpoint.GetLeftPart(UriPartial.Path)}: {refused}.";
            var key = (subscription.Topic, subscription.Name);
            var judged = subscription with { State = refused is null ? "Succeeded" : "Failed", Reason = reason };
            if (subscriptions.TryUpdate(key, judged, subscription))
            {
                await store.WriteAsync(judged, CancellationToken.None);
                // It was deleted meanwhile, so it must not be there when the process starts again.
                if (!subscriptions.ContainsKey(key))
                    await store.RemoveAsync(judged, CancellationToken.None);
            }

            Remember(operation, judged.State, reason);
        }
        catch (Exception e) when (e is TableUnavailableException or OperationCanceledException)
        {
            Remember(operation, "Failed", "Internal error.");
        }
    }

    private void Remember(string operation, string status, string? reason)
    {
        var now = time.GetUtcNow().UtcTicks;
        operations[operation] = (status, reason, now);
        foreach (var old in operations.Where(one => one.Value.At < now - Remembered.Ticks))
            operations.TryRemove(old);
    }
}

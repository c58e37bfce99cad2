using System.Collections.Concurrent;
using System.Text.Json;
using Burrow.Tables;
using Microsoft.Extensions.Options;

namespace Burrow.Local.EventGrid;

/// <summary>
/// The part of Event Grid that Burrow uses, within the local process. It keeps event subscriptions and makes the handshake with
/// their endpoints. It filters and delivers events, retries with Event Grid's waits, gives up, and writes dead letters.
/// docs/events.md says where it is simpler than Event Grid.
/// </summary>
internal sealed partial class StandIn(
    StandInStore store,
    WebhookClient webhooks,
    DeadLetters deadLetters,
    IOptions<StandInOptions> options,
    TimeProvider time,
    ILogger<StandIn> logger)
    : BackgroundService
{
    /// <summary>How many deliveries run to one endpoint at a time.</summary>
    private const int Concurrent = 16;

    /// <summary>How long the stand-in remembers an operation.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    /// <summary>The wait before it repeats what storage failed to do.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(string Topic, string Name), EventSubscription> subscriptions = new();
    private readonly ConcurrentDictionary<(string Topic, string Name), SemaphoreSlim> gates = new();
    private readonly ConcurrentDictionary<string, (string Status, string? Reason, long At)> operations = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long started = time.GetUtcNow().UtcTicks;
    private long last;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
    }

    /// <summary>Completes when it has loaded what earlier processes stored: event subscriptions and deliveries.</summary>
    public Task ReadyAsync(CancellationToken cancellationToken) => loaded.Task.WaitAsync(cancellationToken);

    /// <summary>Its last attempts and its open deliveries.</summary>
    public DeliveryLog Log { get; } = new();

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
        return true;
    }

    /// <summary>The status of a change; null if the operation is unknown.</summary>
    public (string Status, string? Reason)? Operation(string operation) =>
        operations.TryGetValue(operation, out var found) ? (found.Status, found.Reason) : null;

    /// <summary>Takes events. Once this returns, they are delivered, even if this process ends.</summary>
    public async Task PublishAsync(IEnumerable<JsonElement> events, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcTicks;
        var deliveries = new List<Delivery>();
        foreach (var one in events)
        {
            var (source, subject, type) = (Text(one, "source"), Text(one, "subject"), Text(one, "type"));
            foreach (var subscription in subscriptions.Values)
            {
                if (subscription.Topic == source && subscription.Delivers && subscription.Matches(subject, type))
                {
                    // The key is unique, and keys sort in the order in which events arrive.
                    var number = Interlocked.Increment(ref last);
                    deliveries.Add(
                        new(
                            $"{now:x16}-{number:x8}-{Random.Shared.Next():x8}",
                            source,
                            subscription.Name,
                            JsonSerializer.SerializeToUtf8Bytes(one),
                            now,
                            0,
                            now,
                            null));
                }
            }
        }

        await store.AddAsync(deliveries, cancellationToken);
        foreach (var delivery in deliveries)
            Begin(delivery);

        static string Text(JsonElement one, string name) => one.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
    }

    /// <summary>Continues the work that was left when the last process ended. Requests start all other work.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await LoadAsync(stoppingToken))
            await Task.Delay(Pause, time, stoppingToken);
        foreach (var interrupted in subscriptions.Values.Where(one => one.State is "Creating" or "Updating"))
            _ = ShakeHandsAsync(interrupted, Guid.NewGuid().ToString("n"));
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.CreateAsync(cancellationToken);
            var deliveries = await store.DeliveriesAsync(cancellationToken);
            foreach (var subscription in await store.SubscriptionsAsync(cancellationToken))
                subscriptions.TryAdd((subscription.Topic, subscription.Name), subscription);
            foreach (var delivery in deliveries.Where(one => one.Published < started))
                Begin(delivery);
            loaded.TrySetResult();
            return true;
        }
        catch (TableUnavailableException e)
        {
            Unavailable(e.Message);
            return false;
        }
    }

    private void Begin(Delivery delivery)
    {
        Log.Stands(delivery);
        using (ExecutionContext.SuppressFlow())
            _ = DeliverAsync(delivery);
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

    private async Task DeliverAsync(Delivery delivery)
    {
        await Task.Yield();
        try
        {
            do
            {
                var wait = new DateTimeOffset(delivery.Next, TimeSpan.Zero) - time.GetUtcNow();
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, time, stopping.Token);
            }
            while (await AttemptAsync(delivery) is { } again
                && await UntilDoneAsync(() => store.WriteAsync(delivery = again, stopping.Token)));

            Log.Done(delivery);
            await UntilDoneAsync(() => store.RemoveAsync(delivery, stopping.Token));
        }
        catch (OperationCanceledException)
        {
            // The delivery's row stays for the next start of the process.
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    /// <summary>Repeats an action until storage carries it out.</summary>
    private async Task<bool> UntilDoneAsync(Func<Task> act)
    {
        while (true)
        {
            try
            {
                await act();
                return true;
            }
            catch (Exception e) when (e is TableUnavailableException or IOException or UnauthorizedAccessException)
            {
                Unavailable(e.Message);
                await Task.Delay(Pause, time, stopping.Token);
            }
        }
    }

    /// <summary>Makes one attempt to deliver.</summary>
    /// <returns>The delivery to make later; null if there is none.</returns>
    private async Task<Delivery?> AttemptAsync(Delivery delivery)
    {
        var key = (delivery.Topic, delivery.Subscription);
        var gate = gates.GetOrAdd(key, _ => new(Concurrent));
        await gate.WaitAsync(stopping.Token);
        try
        {
            if (!subscriptions.TryGetValue(key, out var subscription))
                return null;
            var now = time.GetUtcNow();
            if (now.UtcTicks - delivery.Published > Scaled(subscription.TimeToLive).Ticks)
            {
                await UntilDoneAsync(() => deadLetters.WriteAsync(delivery, "TimeToLiveExceeded", now, stopping.Token));
                return null;
            }

            // The endpoint is another one now, and has not agreed yet.
            if (subscription.State != "Succeeded")
                return Later(delivery, RetryLadder.After(1));

            var (status, result) = await webhooks.DeliverAsync(subscription, delivery, stopping.Token);
            Log.Tried(new(time.GetUtcNow(), delivery, status, result));
            if (RetryLadder.IsDelivered(status))
                return null;
            delivery = delivery with { Attempts = delivery.Attempts + 1, Result = result };
            NotDelivered(delivery.Topic, delivery.Subscription, delivery.Attempts, result);
            if (RetryLadder.IsFinal(status) || delivery.Attempts >= subscription.MaxAttempts)
            {
                var reason = RetryLadder.IsFinal(status) ? "UndeliverableDueToClientError" : "MaxDeliveryAttemptsExceeded";
                await UntilDoneAsync(() => deadLetters.WriteAsync(delivery, reason, time.GetUtcNow(), stopping.Token));
                return null;
            }

            return Later(delivery, RetryLadder.After(delivery.Attempts));
        }
        finally
        {
            gate.Release();
        }
    }

    private Delivery Later(Delivery delivery, TimeSpan real)
    {
        var later = delivery with { Next = (time.GetUtcNow() + Scaled(real)).UtcTicks };
        Log.Stands(later);
        return later;
    }

    private TimeSpan Scaled(TimeSpan real) => real / options.Value.Speed;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event Grid's stand-in has no storage: {Reason}")]
    private partial void Unavailable(string reason);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "An event of {Topic} could not be delivered to {Subscription}, attempt {Attempt}: {Result}")]
    private partial void NotDelivered(string topic, string subscription, int attempt, string result);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Event Grid's stand-in failed at a delivery; it goes on when the process starts again.")]
    private partial void Failed(Exception exception);
}

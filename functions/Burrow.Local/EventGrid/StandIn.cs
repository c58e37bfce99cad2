using System.Collections.Concurrent;
using System.Text.Json;
using Burrow.Tables;
using Microsoft.Extensions.Options;

namespace Burrow.Local.EventGrid;

/// <summary>
/// Event Grid, as far as Burrow uses it, within the local process: keeps event subscriptions, shakes hands with their endpoints,
/// filters, delivers, tries again by the real ladder, gives up and writes dead letters. Simpler than the real one where
/// docs/events.md says so.
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
    /// <summary>Deliveries to one endpoint at a time.</summary>
    private const int Concurrent = 16;

    /// <summary>For how long an operation is remembered.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    /// <summary>How soon what storage kept from being done is tried again.</summary>
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

    /// <summary>Completes when it knows what it was told before the process was started.</summary>
    public Task ReadyAsync(CancellationToken cancellationToken) => loaded.Task.WaitAsync(cancellationToken);

    /// <summary>What it tried last, and what it has yet to do.</summary>
    public DeliveryLog Log { get; } = new();

    public EventSubscription? Find(string topic, string name) => subscriptions.GetValueOrDefault((topic, name));

    /// <summary>Creates or replaces an event subscription; its handshake comes next.</summary>
    /// <returns>The operation that tells of it, and whether there was none.</returns>
    public async Task<(string Operation, bool Created)> PutAsync(EventSubscription subscription, CancellationToken cancellationToken)
    {
        var key = (subscription.Topic, subscription.Name);
        var created = !subscriptions.TryGetValue(key, out var old);
        // One that delivers goes on while its change is made.
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

    /// <summary>What became of a change; null if nobody knows.</summary>
    public (string Status, string? Reason)? Operation(string operation) =>
        operations.TryGetValue(operation, out var found) ? (found.Status, found.Reason) : null;

    /// <summary>Takes events: from then on they are delivered, whatever becomes of this process.</summary>
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
                    // Never the same, and in order.
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

    /// <summary>Goes on with what was left when the process ended. All else that happens, requests set off.</summary>
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
                // Deleted meanwhile: it isn't to be there when the process starts again.
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
            // Its row is there when the process starts again.
        }
        catch (Exception e)
        {
            Failed(e);
        }
    }

    /// <summary>Does what storage may keep from being done, until it is.</summary>
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

    /// <summary>Delivers once.</summary>
    /// <returns>What is to be done later; null if there is nothing.</returns>
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

            // Its endpoint is another one, and hasn't agreed yet.
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

    [LoggerMessage(Level = LogLevel.Information, Message = "An event of {Topic} could not be delivered to {Subscription}, attempt {Attempt}: {Result}")]
    private partial void NotDelivered(string topic, string subscription, int attempt, string result);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event Grid's stand-in failed at a delivery; it goes on when the process starts again.")]
    private partial void Failed(Exception exception);
}

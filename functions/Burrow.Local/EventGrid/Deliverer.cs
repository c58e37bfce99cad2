using Microsoft.Extensions.Options;

namespace Burrow.Local.EventGrid;

/// <summary>Makes attempts to deliver, by Event Grid's rules: when to try again, when to give up, what becomes a dead letter.</summary>
internal sealed partial class Deliverer(
    StandInStore store,
    WebhookClient webhooks,
    DeadLetters deadLetters,
    Retry retry,
    IOptions<StandInOptions> options,
    TimeProvider time,
    ILogger<Deliverer> logger)
{
    /// <summary>The last attempts.</summary>
    public DeliveryLog Log { get; } = new();

    /// <summary>Makes one attempt.</summary>
    /// <returns>The delivery to make later; null if there is none.</returns>
    public async Task<Delivery?> AttemptAsync(Delivery delivery, EventSubscription subscription, CancellationToken stopping)
    {
        var isOver = time.GetUtcNow().UtcTicks - delivery.Published > Scaled(subscription.TimeToLive).Ticks;
        // The endpoint is another one now, and has not agreed yet.
        if (!isOver && subscription.State != "Succeeded")
            return Later(delivery, 1);
        if (await retry.UntilDoneAsync(() => store.EventAsync(delivery, stopping), stopping) is not { } json)
            return null;
        if (isOver)
            return await GiveUpAsync(delivery, json, "TimeToLiveExceeded", stopping);

        var (status, result) = await webhooks.DeliverAsync(subscription, delivery, json, stopping);
        Log.Tried(new(time.GetUtcNow(), delivery, status, result));
        if (RetryLadder.IsDelivered(status))
            return null;
        delivery = delivery with { Attempts = delivery.Attempts + 1, Result = result };
        NotDelivered(delivery.Topic, delivery.Subscription, delivery.Attempts, result);
        if (RetryLadder.IsFinal(status))
            return await GiveUpAsync(delivery, json, "UndeliverableDueToClientError", stopping);
        return delivery.Attempts >= subscription.MaxAttempts
            ? await GiveUpAsync(delivery, json, "MaxDeliveryAttemptsExceeded", stopping)
            : Later(delivery, delivery.Attempts);
    }

    /// <summary>The delivery after the wait that follows an attempt. The first attempt is 1.</summary>
    public Delivery Later(Delivery delivery, int attempt) =>
        delivery with { Next = (time.GetUtcNow() + Scaled(RetryLadder.After(attempt))).UtcTicks };

    private async Task<Delivery?> GiveUpAsync(Delivery delivery, byte[] json, string reason, CancellationToken stopping)
    {
        await retry.UntilDoneAsync(() => deadLetters.WriteAsync(delivery, json, reason, time.GetUtcNow(), stopping), stopping);
        return null;
    }

    private TimeSpan Scaled(TimeSpan real) => real / options.Value.Speed;

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "An event of {Topic} could not be delivered to {Subscription}, attempt {Attempt}: {Result}")]
    private partial void NotDelivered(string topic, string subscription, int attempt, string result);
}

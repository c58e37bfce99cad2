using Burrow.Caching;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Subscriptions;

/// <summary>
/// Knows which queues somebody subscribed to. One row tells whether anything changed, for all accounts; it is read every few
/// seconds, and only then is an account's list read again. So without subscriptions a put costs nothing more.
/// </summary>
internal sealed class SubscriptionCache(SubscriptionTable subscriptions, TimeProvider time)
{
    /// <summary>For how long what was read is relied on; with the time that reading takes, 5 s at most.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private const int MaxAccounts = 50_000;

    private readonly BoundedCache<AccountName, (string Version, IReadOnlyList<Subscription> Subscriptions)> accounts = new(MaxAccounts);
    private readonly Lock gate = new();
    private Task<string?>? reading;
    private long readAt;

    /// <summary>What somebody wants to hear of a queue.</summary>
    public async ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (await VersionAsync() is not { } version)
            return EventKinds.None;
        if (!accounts.TryGet(queue.Account, out var found) || found.Version != version)
        {
            // Read after the version, so it is as new at least.
            var stored = await subscriptions.ListAsync(queue.Account, cancellationToken);
            found = (version, [.. stored.Select(one => one.Subscription).Where(one => one.IsWanted)]);
            accounts.Set(queue.Account, found);
        }

        var wanted = EventKinds.None;
        foreach (var subscription in found.Subscriptions.Where(one => one.Spec.Queues.Matches(queue.Queue)))
        {
            wanted |= subscription.Spec.Types.Contains(EventTypes.MessageCreated) ? EventKinds.Created : EventKinds.None;
            wanted |= subscription.Spec.Types.Contains(EventTypes.MessageExpired) ? EventKinds.Expired : EventKinds.None;
        }

        return wanted;
    }

    /// <summary>Those who come while it is read wait for the same answer.</summary>
    private Task<string?> VersionAsync()
    {
        lock (gate)
        {
            if (reading is null || reading.IsFaulted || (reading.IsCompleted && time.GetElapsedTime(readAt) > Fresh))
            {
                readAt = time.GetTimestamp();
                reading = subscriptions.VersionAsync(CancellationToken.None);
            }

            return reading;
        }
    }
}

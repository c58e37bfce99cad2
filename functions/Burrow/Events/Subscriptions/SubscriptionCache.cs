using Burrow.Caching;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Subscriptions;

/// <summary>
/// Knows which queues have subscribers. One row shows whether any account's subscriptions changed. The process reads this row every few
/// seconds, and reads an account's list again only if the row changed. So without subscriptions a put costs nothing more.
/// </summary>
internal sealed class SubscriptionCache(SubscriptionTable subscriptions, TimeProvider time)
{
    /// <summary>For how long the process relies on what it read. With the time that a read takes, this is 5 s at most.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private const int MaxAccounts = 50_000;

    private readonly BoundedCache<AccountName, (string Version, IReadOnlyList<Subscription> Subscriptions)> accounts = new(MaxAccounts);
    private readonly Lock gate = new();
    private Task<string?>? reading;
    private long readAt;

    /// <summary>Which kinds of events of a queue have a subscriber.</summary>
    public async ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        if (await VersionAsync() is not { } version)
            return EventKinds.None;
        if (!accounts.TryGet(queue.Account, out var found) || found.Version != version)
        {
            // The list is read after the version, so it is at least as new.
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

    /// <summary>The version. Callers that arrive during a read wait for its result.</summary>
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

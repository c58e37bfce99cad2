using Burrow.Caching;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Subscriptions;

/// <summary>Knows which queues have subscribers, as of 5 s ago at most. Without subscriptions a put costs nothing more.</summary>
internal sealed class SubscriptionCache
{
    private const int MaxAccounts = 50_000;

    private static readonly (string Type, EventKinds Kind)[] Kinds =
    [
        (EventTypes.MessageCreated, EventKinds.Created),
        (EventTypes.MessageExpired, EventKinds.Expired),
        (EventTypes.MessageDead, EventKinds.Dead),
    ];

    private readonly VersionedCache<AccountName, IReadOnlyList<Subscription>> cache;

    public SubscriptionCache(SubscriptionTable subscriptions, TimeProvider time) => cache = new(
        time,
        MaxAccounts,
        () => subscriptions.VersionAsync(CancellationToken.None),
        async (account, cancellationToken) =>
            [
                .. (await subscriptions.ListAsync(account, cancellationToken)).Select(one => one.Subscription).Where(one => one.IsWanted),
            ]);

    /// <summary>Which kinds of events of a queue have a subscriber.</summary>
    public async ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken)
    {
        var wanted = EventKinds.None;
        foreach (var subscription in await cache.GetAsync(queue.Account, cancellationToken) ?? [])
        {
            if (!subscription.Spec.Queues.Matches(queue.Queue))
                continue;
            foreach (var (type, kind) in Kinds)
                wanted |= subscription.Spec.Types.Contains(type) ? kind : EventKinds.None;
        }

        return wanted;
    }
}

namespace Burrow.Queues.Settings;

/// <summary>What an account has set for its queues, as it was read.</summary>
/// <param name="ETag">The ETag of the account's row; null if there is none.</param>
/// <param name="Policies">The policies, in the order of their names.</param>
/// <param name="Relays">The relays, in the order of their names.</param>
internal sealed record AccountSettings(string? ETag, IReadOnlyList<QueuePolicy> Policies, IReadOnlyList<Relay> Relays)
{
    /// <summary>Those of an account that has set nothing.</summary>
    public static readonly AccountSettings None = new(null, [], []);

    /// <summary>Whether the account has relays, or had: rows of one may be left.</summary>
    public bool HasRelayed { get; init; }

    /// <summary>Whether relays were changed, and not all of the account's queues were looked at since.</summary>
    public bool IsPreparing { get; init; }

    /// <summary>The policy that holds for a queue; <see cref="QueuePolicy.None"/> where there is none.</summary>
    public QueuePolicy PolicyOf(QueueName queue) =>
        QueuePattern.ClosestTo(queue, Policies, policy => policy.Queues) ?? QueuePolicy.None;

    /// <summary>The relay that holds for a queue; null where there is none.</summary>
    public Relay? RelayOf(QueueName queue) => QueuePattern.ClosestTo(queue, Relays, relay => relay.Queues);

    /// <summary>The relay of an incarnation; null if there is none any more.</summary>
    public Relay? RelayOf(string incarnation) => Relays.FirstOrDefault(relay => relay.Incarnation == incarnation);
}

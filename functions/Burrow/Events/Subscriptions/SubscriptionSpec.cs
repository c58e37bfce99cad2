using Burrow.Events.Model;
using Burrow.Queues;

namespace Burrow.Events.Subscriptions;

/// <summary>What a tenant asks for: which events go to which webhook.</summary>
public sealed record SubscriptionSpec
{
    /// <summary>Where the events are sent.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Of which queues.</summary>
    public required QueuePattern Queues { get; init; }

    /// <summary>Which events; see <see cref="EventTypes"/>. In their order there, each once.</summary>
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>Names of the headers that each delivery carries; their values are secret.</summary>
    public required IReadOnlyList<string> Headers { get; init; }

    /// <summary>How often a delivery is tried; 1 to 30.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>For how many minutes; 1 to 1,440.</summary>
    public required int EventTimeToLive { get; init; }
}

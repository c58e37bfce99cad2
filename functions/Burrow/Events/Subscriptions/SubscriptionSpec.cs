using Burrow.Events.Model;
using Burrow.Queues;

namespace Burrow.Events.Subscriptions;

/// <summary>What a tenant asks for: which events go to which webhook.</summary>
public sealed record SubscriptionSpec
{
    /// <summary>Where Event Grid sends the events. Its query is secret (<see cref="EndpointQuery"/>).</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The queues whose events are sent.</summary>
    public required QueuePattern Queues { get; init; }

    /// <summary>The types of events that are sent; see <see cref="EventTypes"/>. They are in the order there, each once.</summary>
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>The names of the headers that each delivery carries. Their values are secret.</summary>
    public required IReadOnlyList<string> Headers { get; init; }

    /// <summary>How often Event Grid tries a delivery; 1 to 30.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>For how many minutes Event Grid tries a delivery; 1 to 1,440.</summary>
    public required int EventTimeToLive { get; init; }
}

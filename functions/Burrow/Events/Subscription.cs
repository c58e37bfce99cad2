using Burrow.Queues;

namespace Burrow.Events;

/// <summary>What becomes of a subscription.</summary>
public enum SubscriptionState
{
    /// <summary>Event Grid is being told, or makes its handshake with the endpoint.</summary>
    Pending,

    /// <summary>Event Grid delivers.</summary>
    Active,

    /// <summary>Event Grid refused it, or its handshake failed. Tried again, more and more seldom.</summary>
    Failed,

    /// <summary>Event Grid is being told to forget it.</summary>
    Deleting,
}

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

/// <summary>A subscription as it stands.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Name">Its name in the account.</param>
/// <param name="Spec">What is asked for.</param>
/// <param name="State">How far that is.</param>
/// <param name="Reason">Why it failed; null unless it did.</param>
/// <param name="Changed">When it was last asked for something else, or came to another state; UTC.</param>
public sealed record Subscription(
    AccountName Account, SubscriptionName Name, SubscriptionSpec Spec, SubscriptionState State, string? Reason, DateTimeOffset Changed)
{
    /// <summary>The headers' names and values, encrypted. Opened only to tell Event Grid.</summary>
    internal byte[] SealedHeaders { get; init; } = [];

    /// <summary>The same for the same that is asked for, secrets included. Event Grid keeps it, so what is there can be told from what was asked for.</summary>
    internal string Label { get; init; } = "";

    /// <summary>Failed tries in a row, by which the next waits.</summary>
    internal int Failures { get; init; }

    /// <summary>Where Event Grid says what became of what it was last told; null if it was told nothing yet.</summary>
    internal string? Operation { get; init; }

    /// <summary>When it is looked after next, UTC ticks. Visits of other times came before something else did.</summary>
    internal long NextVisit { get; init; }

    /// <summary>Event Grid's management could not be reached just now; isn't kept.</summary>
    internal bool IsUnreachable { get; init; }

    /// <summary>Whether events are written for it: also while Event Grid is being told, as it may be delivering already.</summary>
    internal bool IsWanted => State is SubscriptionState.Active or SubscriptionState.Pending;
}

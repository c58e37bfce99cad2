using Burrow.Queues;

namespace Burrow.Events.Subscriptions;

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

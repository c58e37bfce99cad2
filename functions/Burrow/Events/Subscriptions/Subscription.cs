using Burrow.Queues;

namespace Burrow.Events.Subscriptions;

/// <summary>A subscription as it stands.</summary>
/// <param name="Account">The account.</param>
/// <param name="Name">Its name in the account.</param>
/// <param name="Spec">What the tenant asks for.</param>
/// <param name="State">How far the request has proceeded.</param>
/// <param name="Reason">Why it failed; null unless it did.</param>
/// <param name="Changed">When the tenant last asked for something else, or the state last changed; UTC.</param>
public sealed record Subscription(
    AccountName Account, SubscriptionName Name, SubscriptionSpec Spec, SubscriptionState State, string? Reason, DateTimeOffset Changed)
{
    /// <summary>The headers' names and values, encrypted. The process decrypts them only to send them to Event Grid.</summary>
    internal byte[] SealedHeaders { get; init; } = [];

    /// <summary>
    /// The endpoint with its query, encrypted. Then the endpoint of <see cref="Spec"/> is masked. Empty if it has no query, or if it was
    /// stored before queries were encrypted; then the endpoint of <see cref="Spec"/> is whole.
    /// </summary>
    internal byte[] SealedEndpoint { get; init; } = [];

    /// <summary>
    /// A label that is the same for the same request, secrets included. Event Grid keeps it. So the label shows whether Event Grid holds
    /// what the tenant asked for.
    /// </summary>
    internal string Label { get; init; } = "";

    /// <summary>The number of consecutive failures. The wait before the next try depends on it.</summary>
    internal int Failures { get; init; }

    /// <summary>The address where Event Grid says how the last change proceeds; null if the process has told it nothing yet.</summary>
    internal string? Operation { get; init; }

    /// <summary>When the timer visits it next, UTC ticks. A visit of another time is out of date.</summary>
    internal long NextVisit { get; init; }

    /// <summary>The process could not reach Event Grid's management just now. This is not stored.</summary>
    internal bool IsUnreachable { get; init; }

    /// <summary>
    /// Whether puts write events for it. They also do so while the process tells Event Grid, because Event Grid may already deliver.
    /// </summary>
    internal bool IsWanted => State is SubscriptionState.Active or SubscriptionState.Pending;
}

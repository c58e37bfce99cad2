namespace Burrow.Events.EventGrid;

/// <summary>The outcome of a request to Event Grid's management.</summary>
internal enum ManagementOutcome
{
    /// <summary>The state is as requested.</summary>
    Done,

    /// <summary>Event Grid is working on it; see <see cref="ManagementAnswer.Operation"/>.</summary>
    UnderWay,

    /// <summary>The event subscription does not exist.</summary>
    Missing,

    /// <summary>Event Grid refused it, or tried it and failed; see <see cref="ManagementAnswer.Reason"/>.</summary>
    Failed,

    /// <summary>Not now: Event Grid throttles, is busy with an earlier change, or can't be reached.</summary>
    Later,
}

/// <summary>An answer of Event Grid's management.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="Reason">Why it failed, in words for the tenant. Event Grid's own words may contain the endpoint's query.</param>
/// <param name="Operation">The address that says how the change proceeds.</param>
/// <param name="RetryAfter">How long to wait before the next request, if Event Grid said so.</param>
/// <param name="Label">The label of the event subscription, as it was created.</param>
internal sealed record ManagementAnswer(
    ManagementOutcome Outcome, string? Reason = null, string? Operation = null, TimeSpan? RetryAfter = null, string? Label = null)
{
    /// <summary>There was no answer at all, so further requests would fail too.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>Event Grid refused the request because of this process's identity or roles.</summary>
    public bool IsForbidden { get; init; }
}

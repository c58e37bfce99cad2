namespace Burrow.Events.EventGrid;

/// <summary>What Event Grid's management said.</summary>
internal enum ManagementOutcome
{
    /// <summary>It is as asked for.</summary>
    Done,

    /// <summary>It is being done; see <see cref="ManagementAnswer.Operation"/>.</summary>
    UnderWay,

    /// <summary>There is no such event subscription.</summary>
    Missing,

    /// <summary>Refused, or tried and failed; see <see cref="ManagementAnswer.Reason"/>.</summary>
    Failed,

    /// <summary>Not now: throttled, busy with an earlier change, or not to be reached.</summary>
    Later,
}

/// <summary>An answer of Event Grid's management.</summary>
/// <param name="Outcome">What it comes to.</param>
/// <param name="Reason">Why not, for the tenant.</param>
/// <param name="Operation">Where to ask what becomes of it.</param>
/// <param name="RetryAfter">When to ask again, if it said so.</param>
/// <param name="Label">The label that the event subscription was made with.</param>
internal sealed record ManagementAnswer(
    ManagementOutcome Outcome, string? Reason = null, string? Operation = null, TimeSpan? RetryAfter = null, string? Label = null)
{
    /// <summary>There was no answer at all, so there is no use in asking more.</summary>
    public bool IsUnreachable { get; init; }

    /// <summary>This process may not ask that.</summary>
    public bool IsForbidden { get; init; }
}

namespace Burrow.Queues.Relays;

/// <summary>How a run of a relay on one queue ended.</summary>
/// <param name="Sent">The last number that the other side has.</param>
/// <param name="Reason">Why the relay can't go on; null: nothing is left to do.</param>
internal sealed record RelayResult(long? Sent, string? Reason)
{
    /// <summary>How long to wait before the next try, at least; null: the usual pause; <see cref="TimeSpan.MaxValue"/>: for ever.</summary>
    public TimeSpan? Pause { get; init; }

    /// <summary>Whether all that was ever sent was answered for, so that none of it arrives late.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Whether the id of the next message is taken at the other side.</summary>
    public bool IsTaken { get; init; }

    /// <summary>Another process has the link.</summary>
    public static readonly RelayResult Lost = new(null, null) { IsLost = true };

    /// <summary>Whether another process has the link.</summary>
    public bool IsLost { get; private init; }

    /// <summary>The other side does not answer, or is too busy.</summary>
    public static RelayResult Busy(long? sent, RelayAnswer answer) => new(
        sent,
        answer.Status == 0
            ? $"The other side does not answer: {answer.Text}"
            : $"The other side answers {answer.Status}: {answer.Text}")
    {
        Pause = answer.RetryAfter > RelayLimits.LongestPause ? RelayLimits.LongestPause : answer.RetryAfter,
    };

    /// <summary>The other side refuses, and will refuse again.</summary>
    private static RelayResult Refused(long? sent, int status, string? text) =>
        new(sent, $"The other side refuses with {status}: {text}") { Pause = RelayLimits.RefusedPause };

    /// <summary>Only the operator can mend it.</summary>
    public static RelayResult Stopped(long? sent, string reason) => new(sent, reason) { Pause = TimeSpan.MaxValue };

    /// <summary>What an answer that is no success means, of a batch or of one of its messages.</summary>
    public static RelayResult Of(long? sent, RelayAnswer answer) =>
        answer.Status == 0 || IsTemporary(answer.Status) ? Busy(sent, answer) : Refused(sent, answer.Status, answer.Text);

    /// <summary>Whether a status says that the same may succeed later.</summary>
    private static bool IsTemporary(int status) => status is 408 or 424 or 425 or 429 or 507 or >= 500;
}

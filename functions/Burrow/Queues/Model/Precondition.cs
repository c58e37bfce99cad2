namespace Burrow.Queues;

/// <summary>What a request demands of a message's receipt (RFC 9110, section 13). Weak tags never match and are left out.</summary>
/// <param name="IfMatch">One of these, or null: no demand. Holds <c>*</c> for any.</param>
/// <param name="IfNoneMatch">None of these, or null: no demand. Holds <c>*</c> for any.</param>
public sealed record Precondition(IReadOnlyList<string>? IfMatch, IReadOnlyList<string>? IfNoneMatch)
{
    /// <summary>No demand.</summary>
    public static readonly Precondition None = new(null, null);

    /// <summary>The message must not exist.</summary>
    public static readonly Precondition MustNotExist = new(null, ["*"]);

    /// <summary>Whether it can be judged only by the receipt that the message has.</summary>
    internal bool NeedsReceipt => IfMatch is not null || IfNoneMatch?.Contains("*") == false;

    /// <summary>Whether it demands a receipt that whoever asks must know.</summary>
    internal bool NamesReceipt => IfMatch is { Count: > 0 } && !IfMatch.Contains("*");

    /// <summary>Whether <c>If-Match</c> is absent, or holds for that receipt (null: there is no message).</summary>
    public bool MatchHolds(Receipt? current) =>
        IfMatch is null || (current is { } receipt && (IfMatch.Contains("*") || IfMatch.Contains(receipt.Value)));

    /// <summary>Whether <c>If-None-Match</c> is absent, or holds for that receipt (null: there is no message).</summary>
    public bool NoneMatchHolds(Receipt? current) =>
        IfNoneMatch is null || current is not { } receipt || !(IfNoneMatch.Contains("*") || IfNoneMatch.Contains(receipt.Value));

    /// <summary>What doesn't hold, judged in the order of RFC 9110, section 13.2.2; null if both do.</summary>
    internal PreconditionFailedException? Failure(Receipt? current)
    {
        if (!MatchHolds(current))
            return new(current is null ? "If-Match: there is no such message." : "If-Match: the message has another ETag.");
        return NoneMatchHolds(current) ? null : new("If-None-Match: the message exists, or has that ETag.");
    }
}

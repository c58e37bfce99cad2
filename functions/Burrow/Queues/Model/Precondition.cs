namespace Burrow.Queues;

/// <summary>What a request requires of a message's receipt (RFC 9110, section 13). Weak tags never match and are left out.</summary>
/// <param name="IfMatch">The receipt must be one of these; null: no requirement. <c>*</c> stands for any receipt.</param>
/// <param name="IfNoneMatch">The receipt must be none of these; null: no requirement. <c>*</c> stands for any receipt.</param>
public sealed record Precondition(IReadOnlyList<string>? IfMatch, IReadOnlyList<string>? IfNoneMatch)
{
    /// <summary>No requirement.</summary>
    public static readonly Precondition None = new(null, null);

    /// <summary>The message must not exist.</summary>
    public static readonly Precondition MustNotExist = new(null, ["*"]);

    /// <summary>Whether only the message's present receipt can decide it.</summary>
    internal bool NeedsReceipt => IfMatch is not null || IfNoneMatch?.Contains("*") == false;

    /// <summary>Whether it names a receipt, which the caller must know.</summary>
    internal bool NamesReceipt => IfMatch is { Count: > 0 } && !IfMatch.Contains("*");

    /// <summary>Whether <c>If-Match</c> is absent or holds for that receipt (null: there is no message).</summary>
    public bool MatchHolds(Receipt? current) =>
        IfMatch is null || (current is { } receipt && (IfMatch.Contains("*") || IfMatch.Contains(receipt.Value)));

    /// <summary>Whether <c>If-None-Match</c> is absent or holds for that receipt (null: there is no message).</summary>
    public bool NoneMatchHolds(Receipt? current) =>
        IfNoneMatch is null || current is not { } receipt || !(IfNoneMatch.Contains("*") || IfNoneMatch.Contains(receipt.Value));

    /// <summary>Says which of the two does not hold, in the order of RFC 9110, section 13.2.2; null if both hold.</summary>
    internal PreconditionFailedException? Failure(Receipt? current)
    {
        if (!MatchHolds(current))
            return new(current is null ? "If-Match: there is no such message." : "If-Match: the message has another ETag.");
        return NoneMatchHolds(current) ? null : new("If-None-Match: the message exists, or has that ETag.");
    }
}

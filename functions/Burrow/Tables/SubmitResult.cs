namespace Burrow.Tables;

/// <summary>The outcome of a transaction.</summary>
public sealed record SubmitResult
{
    /// <summary>The reason why nothing was changed, or <see cref="Refusal.None"/> if all was changed.</summary>
    public Refusal Refusal { get; private init; }

    /// <summary>Whether all operations were carried out.</summary>
    public bool Committed => Refusal == Refusal.None;

    /// <summary>The index of the first operation whose condition failed, or -1.</summary>
    public int FailedIndex { get; private init; } = -1;

    /// <summary>The new ETags, in the order of the operations; null for deletes. Empty if the transaction was refused.</summary>
    public IReadOnlyList<string?> ETags { get; private init; } = [];

    /// <summary>
    /// The transaction was refused, but an earlier attempt had an unknown outcome. That attempt itself may be the reason for the
    /// refusal.
    /// </summary>
    public bool Uncertain { get; init; }

    /// <summary>All operations were carried out.</summary>
    public static SubmitResult Success(IReadOnlyList<string?> etags) => new() { ETags = etags };

    /// <summary>No operation was carried out.</summary>
    public static SubmitResult Refused(Refusal refusal, int index) => new() { Refusal = refusal, FailedIndex = index };
}

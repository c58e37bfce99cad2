namespace Burrow.Tables;

/// <summary>What became of a transaction.</summary>
public sealed record SubmitResult
{
    /// <summary>Why nothing was changed, or <see cref="Refusal.None"/>: all was.</summary>
    public Refusal Refusal { get; private init; }

    /// <summary>Whether all of it was carried out.</summary>
    public bool Committed => Refusal == Refusal.None;

    /// <summary>The first operation whose condition failed, or -1.</summary>
    public int FailedIndex { get; private init; } = -1;

    /// <summary>The new ETags in the order of the operations, null for deletes; empty if refused.</summary>
    public IReadOnlyList<string?> ETags { get; private init; } = [];

    /// <summary>
    /// Refused, but sent before with unknown outcome: it may be that very attempt that stands in the way.
    /// </summary>
    public bool Uncertain { get; init; }

    /// <summary>All was carried out.</summary>
    public static SubmitResult Success(IReadOnlyList<string?> etags) => new() { ETags = etags };

    /// <summary>Nothing was.</summary>
    public static SubmitResult Refused(Refusal refusal, int index) => new() { Refusal = refusal, FailedIndex = index };
}

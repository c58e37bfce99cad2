namespace Burrow.Tables;

/// <summary>Why a transaction was refused.</summary>
public enum Refusal
{
    /// <summary>It wasn't.</summary>
    None,

    /// <summary>A row to insert exists.</summary>
    Exists,

    /// <summary>A row that must exist doesn't.</summary>
    Missing,

    /// <summary>A row was changed since it was read.</summary>
    Changed,
}

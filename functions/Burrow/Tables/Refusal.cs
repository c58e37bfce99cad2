namespace Burrow.Tables;

/// <summary>The reason why a transaction was refused.</summary>
public enum Refusal
{
    /// <summary>The transaction was not refused.</summary>
    None,

    /// <summary>A row to insert exists already.</summary>
    Exists,

    /// <summary>A row that must exist does not exist.</summary>
    Missing,

    /// <summary>A row was changed since it was read.</summary>
    Changed,
}

namespace Burrow.Tables;

/// <summary>What an <see cref="Operation"/> does.</summary>
public enum OperationKind
{
    /// <summary>The row must not exist.</summary>
    Insert,

    /// <summary>The row must exist, as it was read; its columns become the given ones.</summary>
    Replace,

    /// <summary>The row must exist, as it was read; the given columns are added or changed, the others stay.</summary>
    Merge,

    /// <summary>The row must exist, as it was read, and is gone.</summary>
    Delete,

    /// <summary>Whether there is a row or not, afterwards it is this one.</summary>
    Upsert,
}

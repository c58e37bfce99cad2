namespace Burrow.Tables;

/// <summary>The kind of change that an <see cref="Operation"/> makes.</summary>
public enum OperationKind
{
    /// <summary>Adds a row. The row must not exist.</summary>
    Insert,

    /// <summary>Replaces all columns of a row. The row must exist, unchanged since it was read.</summary>
    Replace,

    /// <summary>Adds or changes the given columns; the others stay. The row must exist, unchanged since it was read.</summary>
    Merge,

    /// <summary>Deletes a row. The row must exist, unchanged since it was read.</summary>
    Delete,

    /// <summary>Writes the row, whether it exists or not.</summary>
    Upsert,
}

namespace Burrow.Tables;

/// <summary>One row as it was read.</summary>
/// <param name="Key">The row's key within the partition.</param>
/// <param name="ETag">An opaque value that differs after each change of the row. Callers compare it as a whole.</param>
/// <param name="Columns">The row's columns.</param>
public sealed record Row(string Key, string ETag, Columns Columns);

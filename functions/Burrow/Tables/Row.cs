namespace Burrow.Tables;

/// <summary>One row as it was read.</summary>
/// <param name="Key">Its key within the partition.</param>
/// <param name="ETag">Another after each change of the row; opaque, compared whole.</param>
/// <param name="Columns">What it holds.</param>
public sealed record Row(string Key, string ETag, Columns Columns);

namespace Burrow.Tables;

/// <summary>One change of one row, with its condition.</summary>
public sealed record Operation
{
    /// <summary>A condition: the row must exist, with any content.</summary>
    public const string Any = "*";

    private Operation(OperationKind kind, string key, string? ifMatch, Columns? columns)
    {
        Kind = kind;
        Key = key;
        IfMatch = ifMatch;
        Columns = columns;
    }

    /// <summary>The kind of change.</summary>
    public OperationKind Kind { get; }

    /// <summary>The row's key.</summary>
    public string Key { get; }

    /// <summary>The ETag that the row must have, or <see cref="Any"/>; null for insert and upsert.</summary>
    public string? IfMatch { get; }

    /// <summary>The columns to write; null for delete.</summary>
    public Columns? Columns { get; }

    /// <inheritdoc cref="OperationKind.Insert"/>
    public static Operation Insert(string key, Columns columns) => new(OperationKind.Insert, key, null, columns);

    /// <inheritdoc cref="OperationKind.Replace"/>
    public static Operation Replace(string key, Columns columns, string ifMatch) => new(OperationKind.Replace, key, ifMatch, columns);

    /// <inheritdoc cref="OperationKind.Merge"/>
    public static Operation Merge(string key, Columns columns, string ifMatch) => new(OperationKind.Merge, key, ifMatch, columns);

    /// <inheritdoc cref="OperationKind.Delete"/>
    public static Operation Delete(string key, string ifMatch) => new(OperationKind.Delete, key, ifMatch, null);

    /// <inheritdoc cref="OperationKind.Upsert"/>
    public static Operation Upsert(string key, Columns columns) => new(OperationKind.Upsert, key, null, columns);
}

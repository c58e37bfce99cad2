using System.Buffers;

namespace Burrow.Tables;

/// <summary>
/// The limits of a table. The source is "Understanding the Table service data model" and "Performing entity group transactions" of
/// Azure Table storage. Keys are limited to printable ASCII, so that every engine sorts them in the same order.
/// </summary>
public static class TableLimits
{
    /// <summary>The number of operations in one transaction.</summary>
    public const int TransactionOperations = 100;

    /// <summary>The bytes in one transaction, including keys and names.</summary>
    public const int TransactionBytes = 4 * 1024 * 1024;

    /// <summary>The bytes of one row, including keys and names.</summary>
    public const int RowBytes = 1024 * 1024;

    /// <summary>The bytes of one column: the bytes of a binary value, or twice the characters of a string.</summary>
    public const int ColumnBytes = 64 * 1024;

    /// <summary>The number of columns of one row.</summary>
    public const int RowColumns = 252;

    /// <summary>The number of characters of a key (1 KiB of UTF-16).</summary>
    public const int KeyLength = 512;

    /// <summary>The number of rows of one page.</summary>
    public const int PageRows = 1000;

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create(
        " !\"$&'()*+,-.0123456789:;<=>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Throws if a transaction breaks a limit.</summary>
    /// <exception cref="ArgumentException">The message names the limit.</exception>
    public static void Check(string partition, IReadOnlyList<Operation> operations)
    {
        CheckKey(partition);
        if (operations.Count is 0 or > TransactionOperations)
            throw new ArgumentException($"A transaction has 1 to {TransactionOperations} operations, not {operations.Count}.");
        var keys = new HashSet<string>(operations.Count);
        long total = 0;
        foreach (var operation in operations)
        {
            CheckKey(operation.Key);
            if (!keys.Add(operation.Key))
                throw new ArgumentException($"A transaction changes a row once, not '{operation.Key}' again.");
            var size = SizeOf(operation);
            if (size > RowBytes)
                throw new ArgumentException($"A row has at most {RowBytes} bytes; '{operation.Key}' has {size}.");
            total += size;
        }

        if (total > TransactionBytes)
            throw new ArgumentException($"A transaction has at most {TransactionBytes} bytes, not {total}.");
    }

    /// <summary>Throws if a query breaks a limit.</summary>
    /// <exception cref="ArgumentException">The message names the limit.</exception>
    public static void Check(string partition, RowQuery query)
    {
        CheckKey(partition);
        CheckKey(query.From);
        CheckKey(query.Before);
        if (query.Top is < 1 or > PageRows)
            throw new ArgumentException($"A page has 1 to {PageRows} rows, not {query.Top}.");
    }

    /// <summary>Throws if the text cannot be a key.</summary>
    /// <exception cref="ArgumentException">The message names the limit.</exception>
    public static void CheckKey(string key)
    {
        if (key.Length is 0 or > KeyLength || key.AsSpan().ContainsAnyExcept(KeyCharacters))
            throw new ArgumentException($"A key has 1 to {KeyLength} printable ASCII characters but / \\ # ? %, unlike '{key}'.");
    }

    /// <summary>Returns the bytes that an operation adds to the size of its transaction.</summary>
    public static int SizeOf(Operation operation)
    {
        var size = 4 + operation.Key.Length * 2;
        if (operation.Columns is not { } columns)
            return size;
        if (columns.Count > RowColumns)
            throw new ArgumentException($"A row has at most {RowColumns} columns; '{operation.Key}' has {columns.Count}.");
        foreach (var (name, value) in columns.Span)
        {
            var bytes = value switch
            {
                string text => text.Length * 2 + 4,
                byte[] binary => binary.Length + 4,
                _ => 8,
            };
            if (bytes > ColumnBytes + 4)
                throw new ArgumentException($"A column has at most {ColumnBytes} bytes; '{name}' of '{operation.Key}' has {bytes}.");
            size += 8 + name.Length * 2 + bytes;
        }

        return size;
    }
}

using System.Collections;

namespace Burrow.Tables;

/// <summary>
/// The columns of a row: a few named values, each a string, a 64-bit number or bytes. Columns are built once, and then only read. A
/// null is left out, because Table storage has no null. Empty bytes are left out too, because some engines return them as absent.
/// </summary>
public sealed class Columns : IEnumerable<KeyValuePair<string, object>>
{
    /// <summary>Most numbers are zero, so they share one boxed object.</summary>
    private static readonly object Zero = 0L;

    private KeyValuePair<string, object>[] values;

    /// <summary>Creates an empty set of columns.</summary>
    public Columns()
        : this(8)
    {
    }

    /// <summary>Creates an empty set of columns, with room for <paramref name="capacity"/> values.</summary>
    public Columns(int capacity) => values = new KeyValuePair<string, object>[capacity];

    /// <summary>Copies columns, with room for <paramref name="more"/> more values.</summary>
    public Columns(Columns columns, int more)
        : this(columns.Count + more)
    {
        columns.Span.CopyTo(values);
        Count = columns.Count;
    }

    /// <summary>The number of values.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a string, unless it is null.</summary>
    public void Add(string name, string? value)
    {
        if (value is not null)
            Append(name, value);
    }

    /// <summary>Adds a number.</summary>
    public void Add(string name, long value) => Append(name, value == 0 ? Zero : value);

    /// <summary>Adds bytes, unless they are null or empty.</summary>
    public void Add(string name, byte[]? value)
    {
        if (value is { Length: > 0 })
            Append(name, value);
    }

    /// <summary>Returns the string of that name, or null.</summary>
    public string? GetString(string name) => GetValue(name) as string;

    /// <summary>Returns the number of that name, or 0.</summary>
    public long GetInteger(string name) => GetValue(name) is long number ? number : 0;

    /// <summary>Returns the bytes of that name; empty if absent.</summary>
    public byte[] GetBytes(string name) => GetValue(name) as byte[] ?? [];

    /// <summary>Returns the value of that name, or null.</summary>
    public object? GetValue(string name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (values[i].Key == name)
                return values[i].Value;
        }

        return null;
    }

    /// <summary>
    /// Returns these columns with those of <paramref name="changes"/>. A changed value replaces the value of the same name.
    /// </summary>
    public Columns Merge(Columns changes)
    {
        var merged = new Columns(Count + changes.Count);
        foreach (var (name, value) in this)
            merged.Append(name, changes.GetValue(name) ?? value);
        foreach (var (name, value) in changes)
        {
            if (GetValue(name) is null)
                merged.Append(name, value);
        }

        return merged;
    }

    /// <summary>Returns only the columns of these names.</summary>
    public Columns Only(IReadOnlyList<string> names)
    {
        var some = new Columns(names.Count);
        foreach (var name in names)
        {
            if (GetValue(name) is { } value)
                some.Append(name, value);
        }

        return some;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => values.Take(Count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal ReadOnlySpan<KeyValuePair<string, object>> Span => values.AsSpan(0, Count);

    internal void Append(string name, object value)
    {
        if (Count == values.Length)
            Array.Resize(ref values, Math.Max(4, Count * 2));
        values[Count++] = new(name, value);
    }
}

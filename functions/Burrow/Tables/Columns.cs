using System.Collections;

namespace Burrow.Tables;

/// <summary>
/// What a row holds: a few named values, each a string, a 64-bit number or bytes. Built once, then only read. A null is left
/// out, as Table storage knows none, and so are empty bytes, which read back as absent from some engines.
/// </summary>
public sealed class Columns : IEnumerable<KeyValuePair<string, object>>
{
    /// <summary>Most numbers are this one, and each would be an object of its own.</summary>
    private static readonly object Zero = 0L;

    private KeyValuePair<string, object>[] values;

    /// <summary>None yet.</summary>
    public Columns()
        : this(8)
    {
    }

    /// <summary>None yet; there is room for so many.</summary>
    public Columns(int capacity) => values = new KeyValuePair<string, object>[capacity];

    /// <summary>The same, with room for some more.</summary>
    public Columns(Columns columns, int more)
        : this(columns.Count + more)
    {
        columns.Span.CopyTo(values);
        Count = columns.Count;
    }

    /// <summary>How many values there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a string, if there is one.</summary>
    public void Add(string name, string? value)
    {
        if (value is not null)
            Append(name, value);
    }

    /// <summary>Adds a number.</summary>
    public void Add(string name, long value) => Append(name, value == 0 ? Zero : value);

    /// <summary>Adds bytes, if there are any.</summary>
    public void Add(string name, byte[]? value)
    {
        if (value is { Length: > 0 })
            Append(name, value);
    }

    /// <summary>The string of that name, or null.</summary>
    public string? GetString(string name) => GetValue(name) as string;

    /// <summary>The number of that name, or 0.</summary>
    public long GetInteger(string name) => GetValue(name) is long number ? number : 0;

    /// <summary>The bytes of that name; none if absent.</summary>
    public byte[] GetBytes(string name) => GetValue(name) as byte[] ?? [];

    /// <summary>The value of that name, or null.</summary>
    public object? GetValue(string name)
    {
        for (var i = 0; i < Count; i++)
        {
            if (values[i].Key == name)
                return values[i].Value;
        }

        return null;
    }

    /// <summary>These columns with those of <paramref name="changes"/> added, or put in their stead.</summary>
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

    /// <summary>Only those of these names.</summary>
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

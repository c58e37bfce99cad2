using System.Text;

namespace Burrow.Client;

/// <summary>The names of accounts, queues and messages (docs/reference/api.md, "Names").</summary>
internal static class Names
{
    private const int MaxBytes = 512;

    /// <summary>An id that no other message has, and by which messages of one client stand in the order of their making.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString("N");

    /// <summary>Compares names as the service lists them: by code point, which is the order of their bytes.</summary>
    public static int Compare(string one, string other) =>
        Encoding.UTF8.GetBytes(one).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(other));

    /// <summary>A name before all that begin so, and behind almost all that come before these; null: there is none.</summary>
    public static string? Before(string beginning)
    {
        if (beginning.Length == 0)
            return null;
        var last = beginning[^1];
        if (last < 2 || char.IsSurrogate(last) || char.IsSurrogate((char)(last - 1)))
            return null;
        var before = beginning[..^1] + (char)(last - 1) + "\U0010FFFF";
        return Encoding.UTF8.GetByteCount(before) <= MaxBytes ? before : null;
    }

    /// <summary>Checks a name before it becomes part of an address: <c>..</c> would lead to another one.</summary>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public static string Check(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        if (name is "." or ".." || name.Contains('\0') || Encoding.UTF8.GetByteCount(name) > MaxBytes)
        {
            throw new ArgumentException(
                $"'{name}' is no name: it has 1 to {MaxBytes} bytes of UTF-8, without NUL, and is neither '.' nor '..'.", parameter);
        }

        // Servers of HTTP take it in a path for a slash, also where it is encoded once more.
        if (name.Contains("%2F", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"'{name}' can't be part of an address, as it has '%2F' in it.", parameter);

        return name;
    }
}

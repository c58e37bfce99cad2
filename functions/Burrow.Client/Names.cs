using System.Text;

namespace Burrow.Client;

/// <summary>The names of accounts, queues and messages (docs/reference/api.md, "Names").</summary>
internal static class Names
{
    private const int MaxBytes = 512;

    /// <summary>An id that no other message has, and by which messages of one client stand in the order of their making.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString("N");

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

        return name;
    }
}

using System.Text.RegularExpressions;

namespace Burrow.Queues;

/// <summary>A relay's name in its account: 1 to 64 lower-case letters, digits and hyphens.</summary>
public readonly partial record struct RelayName(string Value)
{
    /// <summary>Parses a name.</summary>
    /// <exception cref="InvalidRequestException">The value is not a valid name.</exception>
    public static RelayName Parse(string value) => Pattern().IsMatch(value)
        ? new(value)
        : throw new InvalidRequestException("name", "A relay's name is 1 to 64 characters of a-z, 0-9 and '-'.");

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z")]
    private static partial Regex Pattern();
}

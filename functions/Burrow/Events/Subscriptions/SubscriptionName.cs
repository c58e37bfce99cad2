using System.Text.RegularExpressions;

namespace Burrow.Events.Subscriptions;

/// <summary>A subscription's name in its account, and in Event Grid: 3 to 64 lower-case letters, digits and hyphens.</summary>
public readonly partial record struct SubscriptionName(string Value)
{
    /// <summary>Checks that a text is a valid name.</summary>
    /// <exception cref="InvalidRequestException">It is not.</exception>
    public static SubscriptionName Parse(string value) => Pattern().IsMatch(value)
        ? new(value)
        : throw new InvalidRequestException("name", "A subscription's name is 3 to 64 characters of a-z, 0-9 and '-'.");

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex("^[a-z0-9-]{3,64}\\z")]
    private static partial Regex Pattern();
}

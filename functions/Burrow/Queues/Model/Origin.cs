using System.Globalization;

namespace Burrow.Queues;

/// <summary>Where a message came from that another deployment has sent.</summary>
/// <param name="Producer">The producer under whose name it came: the relay.</param>
/// <param name="Number">Its number there.</param>
/// <param name="Stamps">The stamps of the deployments that it came through, the first one first.</param>
public sealed record Origin(ProducerName Producer, long Number, IReadOnlyList<string> Stamps)
{
    /// <summary>The origin that <see cref="ToString"/> wrote; null for null.</summary>
    internal static Origin? Parse(string? text)
    {
        if (text?.Split('!', 3) is not [var number, var stamps, var producer])
            return null;
        return new(
            new(producer),
            long.Parse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            stamps.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary><c>{number}!{stamps}!{producer}</c>: the number in hexadecimal, the stamps with commas between them.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Number:x}!{string.Join(',', Stamps)}!{Producer}");
}

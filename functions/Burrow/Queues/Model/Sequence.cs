using System.Globalization;

namespace Burrow.Queues;

/// <summary>
/// A message's place in its queue. Sequences grow in the order in which puts commit, and none is used twice. A sequence is about
/// the time of the put, in ticks of 100 ns. So a queue that was deleted and used again continues with greater sequences.
/// </summary>
public readonly record struct Sequence(long Value) : IComparable<Sequence>
{
    /// <summary>Before every message.</summary>
    public static readonly Sequence None = new(0);

    /// <summary>After every message.</summary>
    public static readonly Sequence Last = new(long.MaxValue - 1);

    /// <summary>
    /// Parses 16 lower-case hexadecimal digits, as <see cref="ToString"/> writes them; null if the text is not a sequence.
    /// </summary>
    public static Sequence? TryParse(string text) =>
        text.Length == 16
        && long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
        && new Sequence(value) is { Value: >= 0 } sequence
        && sequence.Value <= Last.Value
        && sequence.ToString() == text
            ? sequence
            : null;

    /// <inheritdoc/>
    public int CompareTo(Sequence other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Whether the left place is before the right one.</summary>
    public static bool operator <(Sequence left, Sequence right) => left.Value < right.Value;

    /// <summary>Whether the left place is after the right one.</summary>
    public static bool operator >(Sequence left, Sequence right) => left.Value > right.Value;

    /// <summary>Whether the left place is before the right one, or the same.</summary>
    public static bool operator <=(Sequence left, Sequence right) => left.Value <= right.Value;

    /// <summary>Whether the left place is after the right one, or the same.</summary>
    public static bool operator >=(Sequence left, Sequence right) => left.Value >= right.Value;
}

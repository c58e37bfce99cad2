using System.Globalization;

namespace Burrow.Queues;

/// <summary>
/// A message's place in its queue. Handed out in the order in which puts commit, growing, never twice; about the time of the
/// put in ticks of 100 ns, so that a queue that was deleted goes on above where it ended.
/// </summary>
public readonly record struct Sequence(long Value) : IComparable<Sequence>
{
    /// <summary>Before every message.</summary>
    public static readonly Sequence None = new(0);

    /// <summary>After every message.</summary>
    public static readonly Sequence Last = new(long.MaxValue - 1);

    /// <summary>The sequence of that text, 16 lower-case hexadecimal digits as <see cref="ToString"/> writes it; null if it is none.</summary>
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

    /// <summary>Whether one stands before the other.</summary>
    public static bool operator <(Sequence left, Sequence right) => left.Value < right.Value;

    /// <summary>Whether one stands after the other.</summary>
    public static bool operator >(Sequence left, Sequence right) => left.Value > right.Value;

    /// <summary>Whether one stands before the other, or they are the same.</summary>
    public static bool operator <=(Sequence left, Sequence right) => left.Value <= right.Value;

    /// <summary>Whether one stands after the other, or they are the same.</summary>
    public static bool operator >=(Sequence left, Sequence right) => left.Value >= right.Value;
}

using System.Globalization;

namespace Burrow.Queues.Rows;

/// <summary>
/// The last 8 revisions of a row, newest first. Each change adds a new random one. A process that does not know whether its change
/// was made finds here its own revision, or the revision on which it based the change.
/// </summary>
internal readonly record struct Revisions(string Text)
{
    private const int Length = 16;
    private const int MaxCount = 8;

    public string Latest => Text[..Length];

    /// <summary>Whether older revisions may have been dropped.</summary>
    public bool IsFull => Text.Length == Length * MaxCount;

    public static Revisions First(Random random) => new(New(random));

    public static string New(Random random) => random.NextInt64(long.MinValue, long.MaxValue).ToString("x16", CultureInfo.InvariantCulture);

    public Revisions Next(Random random) => new(New(random) + (Text.Length < Length * MaxCount ? Text : Text[..(Length * (MaxCount - 1))]));

    public bool Contains(string revision) => IndexOf(revision) >= 0;

    /// <summary>How many newer ones there are than this revision; -1 if it is not among these.</summary>
    public int IndexOf(string revision)
    {
        for (var i = 0; i < Text.Length; i += Length)
        {
            if (Text.AsSpan(i, Length).SequenceEqual(revision))
                return i / Length;
        }

        return -1;
    }

    /// <summary>The revision that this many are newer than.</summary>
    public string At(int index) => Text.Substring(index * Length, Length);
}

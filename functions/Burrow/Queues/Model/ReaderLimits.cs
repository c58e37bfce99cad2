namespace Burrow.Queues;

/// <summary>The bounds of readers.</summary>
public static class ReaderLimits
{
    /// <summary>Bytes of UTF-8 of a name.</summary>
    public const int NameBytes = 128;

    /// <summary>Readers of a queue.</summary>
    public const int Readers = 1000;

    /// <summary>How long a reader is kept after its last use. The day of a use counts, not its time.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);
}

namespace Burrow.Queues;

/// <summary>The bounds of producers.</summary>
public static class ProducerLimits
{
    /// <summary>Bytes of UTF-8 of a name.</summary>
    public const int NameBytes = 128;

    /// <summary>How long a put waits for those that its producer sent before.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    /// <summary>How long a producer is remembered after its last use. The day of a use counts, not its time.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);
}

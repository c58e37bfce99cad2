namespace Burrow.Queues;

/// <summary>The bounds of results.</summary>
public static class ResultLimits
{
    /// <summary>Bytes of a result, or of progress.</summary>
    public const int BodyBytes = 32 * 1024;

    /// <summary>Seconds that a result is kept at most, after its message has ended: 30 days.</summary>
    public const long Kept = 2_592_000;

    /// <summary>
    /// How soon a request that waits for a result looks again, if another process may have left it: after this time first, and after longer
    /// times then.
    /// </summary>
    internal static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="FirstLook"/>
    internal static readonly TimeSpan LaterLook = TimeSpan.FromSeconds(10);
}

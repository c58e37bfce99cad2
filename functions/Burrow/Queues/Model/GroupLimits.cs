namespace Burrow.Queues;

/// <summary>The bounds of groups.</summary>
public static class GroupLimits
{
    /// <summary>Bytes of UTF-8 of a name.</summary>
    public const int NameBytes = 128;

    /// <summary>How many waiting messages of a group are counted at most.</summary>
    public const int Counted = 10_000;

    /// <summary>How many messages of a group one transaction makes ready at most.</summary>
    internal const int Promoted = 8;

    /// <summary>
    /// When a process looks again through the groups of a queue, after it has seen other settings of them: every process heeds those by
    /// then.
    /// </summary>
    internal static readonly TimeSpan Settled = TimeSpan.FromSeconds(10);
}

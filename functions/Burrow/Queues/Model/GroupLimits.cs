namespace Burrow.Queues;

/// <summary>The bounds of groups.</summary>
public static class GroupLimits
{
    /// <summary>Bytes of UTF-8 of a name.</summary>
    public const int NameBytes = 128;

    /// <summary>How many waiting messages of a group are counted at most.</summary>
    public const int Counted = 10_000;

    /// <summary>
    /// How many dead messages that hold their groups back an answer looks through at least, before it leaves the rest out.
    /// </summary>
    public const int Dead = 10_000;

    /// <summary>How many messages of a group one transaction makes ready at most.</summary>
    internal const int Promoted = 8;

    /// <summary>
    /// When a process looks again through the groups of a queue, after it has seen other settings of them: every process heeds those by
    /// then.
    /// </summary>
    internal static readonly TimeSpan SecondLook = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often it looks through them after that. Between two claims that it serves, the settings may have been others for a while.
    /// </summary>
    internal static readonly TimeSpan LaterLooks = TimeSpan.FromMinutes(1);
}

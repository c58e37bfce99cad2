namespace Burrow.Queues;

/// <summary>
/// The limits of queues and of the engine that are not settings. Limits of Table storage are in <see cref="Tables.TableLimits"/>.
/// </summary>
public static class QueueLimits
{
    /// <summary>Bytes of UTF-8 in the name of an account or a queue, and in a message's id (docs/reference/limits.md).</summary>
    public const int NameBytes = 512;

    /// <summary>Seconds of <c>ttl</c> and <c>hide</c> at most: 100 years.</summary>
    public const long AttributeSeconds = 3_153_600_000;

    /// <summary>The highest priority of a message; the lowest is 0 (the scale of JMS and of AMQP 1.0, section 3.2.1).</summary>
    public const int MaxPriority = 9;

    /// <summary>The priority of a message whose put sets none.</summary>
    public const int DefaultPriority = 4;

    /// <summary>Bytes of UTF-8 in a cause.</summary>
    public const int CauseBytes = 1024;

    /// <summary>How many causes a message keeps: the last ones.</summary>
    public const int Causes = 8;

    /// <summary>Messages, or names, in one answer.</summary>
    public const int AnswerItems = 10_000;

    /// <summary>Bytes in one answer to a request for messages.</summary>
    public const long AnswerBytes = 16 * 1024 * 1024;

    /// <summary>The largest body that <see cref="QueueOptions.MaxBodyBytes"/> may allow: two chunks, well within one transaction.</summary>
    public const int BodyBytes = 1024 * 1024;

    /// <summary>Bodies up to this many bytes are in the message's own row.</summary>
    public const int InlineBytes = 32 * 1024;

    /// <summary>Bytes of a larger body in one chunk row. Azurite counts a row as base64, so this is half of the limit of a row.</summary>
    public const int ChunkBytes = 512 * 1024;

    /// <summary>Bytes in one transaction of the engine: half of what storage allows, as requests carry them in base64.</summary>
    public const int TransactionBytes = 2 * 1024 * 1024;

    /// <summary>How long a change of a whole queue continues before it answers with what it did.</summary>
    public static readonly TimeSpan BulkChangeTime = TimeSpan.FromSeconds(100);

    /// <summary>How long a change that conflicts with changes of other processes is tried again, before it answers 503.</summary>
    public static readonly TimeSpan ConflictTime = TimeSpan.FromSeconds(20);

    /// <summary>How often a read of a message is repeated because other requests change the message meanwhile.</summary>
    public const int MaxStableReadTries = 20;

    /// <summary>How far apart the clocks of processes may be. The timer leaves a due message alone for this long.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a process writes to storage what it put and removed. Until then, only its own counts contain that.
    /// </summary>
    public static readonly TimeSpan CountsInterval = TimeSpan.FromSeconds(5);

    /// <summary>How long a process relies on what it read about how much an account stores.</summary>
    public static readonly TimeSpan UsageFreshness = TimeSpan.FromSeconds(10);
}

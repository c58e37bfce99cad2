namespace Burrow.Queues;

/// <summary>What a queue takes and how the engine works, as far as it is not a setting. Limits of Table storage are in <see cref="Tables.TableLimits"/>.</summary>
public static class QueueLimits
{
    /// <summary>Bytes of UTF-8 in the name of an account or a queue, and in a message's id (protocol, part 1).</summary>
    public const int NameBytes = 512;

    /// <summary>Seconds of <c>ttl</c> and <c>hide</c>: 100 years.</summary>
    public const long AttributeSeconds = 3_153_600_000;

    /// <summary>Messages, or names, in one answer.</summary>
    public const int AnswerItems = 10_000;

    /// <summary>Bytes in one answer to a request for messages.</summary>
    public const long AnswerBytes = 16 * 1024 * 1024;

    /// <summary>The largest body that <see cref="QueueOptions.MaxBodyBytes"/> may allow: two chunks, well within one transaction.</summary>
    public const int BodyBytes = 1024 * 1024;

    /// <summary>Bodies up to this stand in the message's own row.</summary>
    public const int InlineBytes = 32 * 1024;

    /// <summary>Bytes of a larger body in one chunk row. Azurite counts a row as base64, so half a row's limit.</summary>
    public const int ChunkBytes = 512 * 1024;

    /// <summary>Bytes in a transaction of ours: half of what is allowed, as requests carry them in base64.</summary>
    public const int TransactionBytes = 2 * 1024 * 1024;

    /// <summary>For how long a change of a whole queue goes on before it answers with what it did.</summary>
    public static readonly TimeSpan BulkChangeTime = TimeSpan.FromSeconds(100);

    /// <summary>For how long a change is tried against those of other processes, before it answers 503.</summary>
    public static readonly TimeSpan ConflictTime = TimeSpan.FromSeconds(20);

    /// <summary>How often a message is read anew that others change in the meantime.</summary>
    public const int MaxStableReadTries = 20;

    /// <summary>How far the clocks of processes may be apart. What is due is left alone by the timer for so long.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    /// <summary>How often a process writes down what it put and removed; what is younger is in nobody's counts but its own.</summary>
    public static readonly TimeSpan CountsInterval = TimeSpan.FromSeconds(5);

    /// <summary>For how long a process relies on what it read of how much an account stores.</summary>
    public static readonly TimeSpan UsageFreshness = TimeSpan.FromSeconds(10);
}

namespace Burrow;

/// <summary>Every bound of the service that isn't a setting. Those of Table storage are in <see cref="Tables.TableLimits"/>.</summary>
public static class Limits
{
    /// <summary>Bytes of UTF-8 in the name of an account or a queue, and in a message's id (protocol, part 1).</summary>
    public const int NameBytes = 512;

    /// <summary>Seconds of <c>ttl</c> and <c>hide</c>: 100 years.</summary>
    public const long AttributeSeconds = 3_153_600_000;

    /// <summary>Seconds that <c>wait</c> may ask for; how many are waited is <see cref="BurrowOptions.MaxWait"/>.</summary>
    public const int WaitSeconds = 86_400;

    /// <summary>Messages, or names, in one answer.</summary>
    public const int AnswerItems = 10_000;

    /// <summary>Bytes in one answer to a request for messages.</summary>
    public const long AnswerBytes = 16 * 1024 * 1024;

    /// <summary>Queues in one answer about how an account stands, unless the request says how many.</summary>
    public const int StatisticsQueues = 100;

    /// <summary>And at most.</summary>
    public const int MaxStatisticsQueues = 1_000;

    /// <summary>Characters of a message's content type.</summary>
    public const int ContentTypeLength = 256;

    /// <summary>Items in one batch.</summary>
    public const int BatchItems = 1_000;

    /// <summary>Bytes in one batch.</summary>
    public const int BatchBytes = 16 * 1024 * 1024;

    /// <summary>The largest body that <see cref="BurrowOptions.MaxBodyBytes"/> may allow: two chunks, well within one transaction.</summary>
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

    /// <summary>How often one request to storage is repeated that got no answer, or 503.</summary>
    public const int StorageRetries = 5;

    /// <summary>For how long such a request is repeated.</summary>
    public static readonly TimeSpan StorageRetryTime = TimeSpan.FromSeconds(20);

    /// <summary>How often a message is read anew that others change in the meantime.</summary>
    public const int MaxStableReadTries = 20;

    /// <summary>What an answer 503 tells the client to wait.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>How far the clocks of processes may be apart. What is due is left alone by the timer for so long.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    /// <summary>For how long one run of the timer works. The next begins a minute after it did.</summary>
    public static readonly TimeSpan SweepTime = TimeSpan.FromSeconds(50);

    /// <summary>How often a process tells how deep and how old its busiest queues are.</summary>
    public static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(30);

    /// <summary>The timer is late when it has not finished for so long.</summary>
    public static readonly TimeSpan SweepLate = TimeSpan.FromMinutes(10);

    /// <summary>For how long a process relies on what it found out about whether it is ready.</summary>
    public static readonly TimeSpan ReadinessFreshness = TimeSpan.FromSeconds(5);

    /// <summary>How long it waits for storage to find that out.</summary>
    public static readonly TimeSpan ReadinessTime = TimeSpan.FromSeconds(5);

    /// <summary>For how long a process relies on what it read of a key or of an account's limits: a revoked key works no longer.</summary>
    public static readonly TimeSpan AccessFreshness = TimeSpan.FromSeconds(30);

    /// <summary>Keys that a process looks for in a second whose ids weren't made under its deployment's secret: made up, or older than the secret.</summary>
    public const int UnknownKeysPerSecond = 20;

    /// <summary>Keys of one account.</summary>
    public const int KeysPerAccount = 1_000;

    /// <summary>How long the line may be of keys that were each made with the one before.</summary>
    public const int KeyGenerations = 8;

    /// <summary>Bytes in a request that asks for a key, a link or limits.</summary>
    public const int AccessBodyBytes = 64 * 1024;

    /// <summary>Bytes of a request and its answer that count as one more request.</summary>
    public const int BytesPerRequest = 16 * 1024;

    /// <summary>Refusals a second that one account is told at once.</summary>
    public const int PromptRefusals = 20;

    /// <summary>How much later it is told of any more, half of it more or less.</summary>
    public static readonly TimeSpan RefusalDelay = TimeSpan.FromSeconds(1);

    /// <summary>Refusals that one process holds back at a time, of all accounts.</summary>
    public const int MaxDelayedRefusals = 100;

    /// <summary>How often a process writes down what it put and removed; what is younger is in nobody's counts but its own.</summary>
    public static readonly TimeSpan CountsInterval = TimeSpan.FromSeconds(5);

    /// <summary>For how long a process relies on what it read of how much an account stores.</summary>
    public static readonly TimeSpan UsageFreshness = TimeSpan.FromSeconds(10);
}

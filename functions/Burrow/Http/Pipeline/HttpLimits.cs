namespace Burrow.Http.Pipeline;

/// <summary>The bounds on what a request may ask for and contain.</summary>
public static class HttpLimits
{
    /// <summary>
    /// The most seconds that <c>wait</c> may ask for. The wait itself is bounded by <see cref="Queues.QueueOptions.MaxWait"/>.
    /// </summary>
    public const int WaitSeconds = 86_400;

    /// <summary>Queues in one answer with an account's statistics, unless the request says how many.</summary>
    public const int StatisticsQueues = 100;

    /// <summary>The most queues in one answer with an account's statistics.</summary>
    public const int MaxStatisticsQueues = 1_000;

    /// <summary>Characters of a message's content type.</summary>
    public const int ContentTypeLength = 256;

    /// <summary>Items in one batch.</summary>
    public const int BatchItems = 1_000;

    /// <summary>Bytes in one batch.</summary>
    public const int BatchBytes = 16 * 1024 * 1024;

    /// <summary>JSON values, names and brackets in one item of a batch.</summary>
    public const int BatchItemTokens = 10_000;

    /// <summary>Bytes of a string in a JSON body, except a message's body.</summary>
    public const int JsonStringBytes = 64 * 1024;

    /// <summary>Entity tags in one precondition.</summary>
    public const int PreconditionTags = 32;

    /// <summary>Bytes of parameters in a form.</summary>
    public const int FormBytes = 64 * 1024;

    /// <summary>Bytes of a body that has no meaning. Such a body is read and forgotten.</summary>
    public const int SkippedBytes = 64 * 1024;

    /// <summary>Bytes in a request that asks for a key, a link or limits.</summary>
    public const int AccessBodyBytes = 64 * 1024;

    /// <summary>How long an answer 503 tells the client to wait.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);
}

namespace Burrow.Access;

/// <summary>The fixed values of keys and quotas, which are not settings.</summary>
public static class AccessLimits
{
    /// <summary>
    /// How long a process relies on a key, or on an account's limits, after it read them. A revoked key works no longer than this.
    /// </summary>
    public static readonly TimeSpan AccessFreshness = TimeSpan.FromSeconds(25);

    /// <summary>
    /// How often a process authenticates the callers of requests under way again. With <see cref="AccessFreshness"/>, a revocation ends
    /// them within 30 s.
    /// </summary>
    public static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Lookups in a second, per process, of key ids that it has not found before and that were not made under its deployment's secrets.
    /// These ids are made up, or older than the secrets.
    /// </summary>
    public const int UnknownKeysPerSecond = 100;

    /// <summary>The unknown ids that a process remembers.</summary>
    public const int UnknownKeys = 1_000;

    /// <summary>The most keys of one account.</summary>
    public const int KeysPerAccount = 1_000;

    /// <summary>The longest line of keys that were each made with the one before.</summary>
    public const int KeyGenerations = 8;

    /// <summary>Bytes of a request and its answer that count as one more request.</summary>
    public const int BytesPerRequest = 16 * 1024;

    /// <summary>Rows that storage goes through for a request, found or not, that count as one more request.</summary>
    public const int RowsPerRequest = 100;

    /// <summary>How long a request waits for memory.</summary>
    public static readonly TimeSpan MemoryWait = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits until its body is received, because others of its account are received slowly.</summary>
    public static readonly TimeSpan UploadWait = TimeSpan.FromSeconds(10);

    /// <summary>Bodies that a process receives at a time for an account, for each request that it may serve at a time.</summary>
    public const int UploadsPerConcurrent = 8;

    /// <summary>
    /// A client that sends or reads fewer bytes in a second than this is slow. It keeps its memory only while no other request waits
    /// for it.
    /// </summary>
    public const int SlowBytesPerSecond = 64 * 1024;

    /// <summary>A client is not judged before it has sent or read for this long.</summary>
    public static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(5);

    /// <summary>Refusals in a second that one account gets without delay.</summary>
    public const int UndelayedRefusalsPerSecond = 20;

    /// <summary>How much later the account gets further refusals, plus or minus half of this.</summary>
    public static readonly TimeSpan RefusalDelay = TimeSpan.FromSeconds(1);

    /// <summary>Refusals of all accounts that one process delays at a time.</summary>
    public const int MaxDelayedRefusals = 100;
}

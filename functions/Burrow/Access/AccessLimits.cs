namespace Burrow.Access;

/// <summary>The fixed values of keys and quotas, which are not settings.</summary>
public static class AccessLimits
{
    /// <summary>
    /// How long a process relies on a key, or on an account's limits, after it read them. A revoked key works no longer than this.
    /// </summary>
    public static readonly TimeSpan AccessFreshness = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Lookups in a second, per process, of key ids that were not made under its deployment's secret. These ids are made up, or older than
    /// the secret.
    /// </summary>
    public const int UnknownKeysPerSecond = 20;

    /// <summary>The most keys of one account.</summary>
    public const int KeysPerAccount = 1_000;

    /// <summary>The longest line of keys that were each made with the one before.</summary>
    public const int KeyGenerations = 8;

    /// <summary>Bytes of a request and its answer that count as one more request.</summary>
    public const int BytesPerRequest = 16 * 1024;

    /// <summary>Refusals in a second that one account gets without delay.</summary>
    public const int UndelayedRefusalsPerSecond = 20;

    /// <summary>How much later the account gets further refusals, plus or minus half of this.</summary>
    public static readonly TimeSpan RefusalDelay = TimeSpan.FromSeconds(1);

    /// <summary>Refusals of all accounts that one process delays at a time.</summary>
    public const int MaxDelayedRefusals = 100;
}

namespace Burrow.Access;

/// <summary>How keys and quotas work, as far as it is not a setting.</summary>
public static class AccessLimits
{
    /// <summary>For how long a process relies on what it read of a key or of an account's limits: a revoked key works no longer.</summary>
    public static readonly TimeSpan AccessFreshness = TimeSpan.FromSeconds(30);

    /// <summary>Keys that a process looks for in a second whose ids weren't made under its deployment's secret: made up, or older than the secret.</summary>
    public const int UnknownKeysPerSecond = 20;

    /// <summary>Keys of one account.</summary>
    public const int KeysPerAccount = 1_000;

    /// <summary>How long the line may be of keys that were each made with the one before.</summary>
    public const int KeyGenerations = 8;

    /// <summary>Bytes of a request and its answer that count as one more request.</summary>
    public const int BytesPerRequest = 16 * 1024;

    /// <summary>Refusals a second that one account is told at once.</summary>
    public const int PromptRefusals = 20;

    /// <summary>How much later it is told of any more, half of it more or less.</summary>
    public static readonly TimeSpan RefusalDelay = TimeSpan.FromSeconds(1);

    /// <summary>Refusals that one process holds back at a time, of all accounts.</summary>
    public const int MaxDelayedRefusals = 100;
}

namespace Burrow.Queues;

/// <summary>The bounds of policies.</summary>
public static class PolicyLimits
{
    /// <summary>Policies of an account.</summary>
    public const int Policies = 100;

    /// <summary>The greatest <see cref="QueuePolicy.MaxDeliveries"/>.</summary>
    public const long MaxDeliveries = 1000;

    /// <summary>The <see cref="QueuePolicy.DeadTtl"/> of a policy that sets none, and where there is no policy: 14 days.</summary>
    public const long DefaultDeadTtl = 14 * 24 * 3600;

    /// <summary>Entries of <see cref="QueuePolicy.RetryDelays"/>.</summary>
    public const int RetryDelays = 32;

    /// <summary>The greatest <see cref="QueuePolicy.MaxMessages"/>.</summary>
    public const long MaxMessages = 1_000_000_000_000;

    /// <summary>The greatest <see cref="QueuePolicy.GroupConcurrency"/>.</summary>
    public const long GroupConcurrency = 1000;
}

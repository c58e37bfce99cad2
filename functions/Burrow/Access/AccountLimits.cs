namespace Burrow.Access;

/// <summary>The limits of one account.</summary>
internal sealed record AccountLimits
{
    public required long RequestsPerSecond { get; init; }

    public required long Messages { get; init; }

    public required long Bytes { get; init; }

    public required long Queues { get; init; }

    public required long Waiting { get; init; }

    public required long Concurrent { get; init; }

    public required long Subscriptions { get; init; }

    /// <summary>Whether the account may store any amount.</summary>
    public bool HasUnlimitedStorage =>
        Messages == QuotasOptions.Unlimited && Bytes == QuotasOptions.Unlimited && Queues == QuotasOptions.Unlimited;

    /// <summary>The limits of the settings, except where a limit was set for this account.</summary>
    public static AccountLimits Of(QuotasOptions defaults, LimitOverrides? overrides) => new()
    {
        RequestsPerSecond = overrides?["requestsPerSecond"] ?? defaults.RequestsPerSecond,
        Messages = overrides?["messages"] ?? defaults.Messages,
        Bytes = overrides?["bytes"] ?? defaults.Bytes,
        Queues = overrides?["queues"] ?? defaults.Queues,
        Waiting = overrides?["waiting"] ?? defaults.Waiting,
        Concurrent = overrides?["concurrent"] ?? defaults.Concurrent,
        Subscriptions = overrides?["subscriptions"] ?? defaults.Subscriptions,
    };

    /// <summary>The limits, by their names in requests and answers.</summary>
    public IEnumerable<(string Name, long Value)> Members =>
    [
        ("requestsPerSecond", RequestsPerSecond),
        ("messages", Messages),
        ("bytes", Bytes),
        ("queues", Queues),
        ("waiting", Waiting),
        ("concurrent", Concurrent),
        ("subscriptions", Subscriptions),
    ];
}

namespace Burrow.Access;

/// <summary>What one account may.</summary>
internal sealed record AccountLimits
{
    public required long RequestsPerSecond { get; init; }

    public required long Messages { get; init; }

    public required long Bytes { get; init; }

    public required long Queues { get; init; }

    public required long Waiting { get; init; }

    public required long Concurrent { get; init; }

    public required long Subscriptions { get; init; }

    /// <summary>Whether it may store as much as it likes.</summary>
    public bool HasUnlimitedStorage => Messages == QuotasOptions.Unlimited && Bytes == QuotasOptions.Unlimited && Queues == QuotasOptions.Unlimited;

    /// <summary>What the settings say, but for what was set for this account.</summary>
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

    /// <summary>By the names that requests and answers have.</summary>
    public IEnumerable<(string Name, long Value)> Members =>
    [
        ("requestsPerSecond", RequestsPerSecond), ("messages", Messages), ("bytes", Bytes), ("queues", Queues), ("waiting", Waiting), ("concurrent", Concurrent), ("subscriptions", Subscriptions),
    ];
}

/// <summary>What was set for an account; the settings hold for what is absent.</summary>
internal sealed record LimitOverrides(IReadOnlyDictionary<string, long?> Values)
{
    /// <summary>What can be set, and its bounds: those of <see cref="QuotasOptions"/>.</summary>
    public static readonly IReadOnlyList<(string Name, long Least, long Most)> Bounds =
    [
        ("requestsPerSecond", 1, QuotasOptions.Unlimited), ("messages", 0, QuotasOptions.Unlimited), ("bytes", 0, QuotasOptions.Unlimited),
        ("queues", 0, QuotasOptions.Unlimited), ("waiting", 0, 1_000_000), ("concurrent", 2, 1_000_000), ("subscriptions", 0, 500),
    ];

    public static IEnumerable<string> Members => Bounds.Select(bound => bound.Name);

    public long? this[string name] => Values.GetValueOrDefault(name);
}

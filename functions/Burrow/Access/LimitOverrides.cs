namespace Burrow.Access;

/// <summary>The limits that were set for an account. For absent limits, the settings apply.</summary>
internal sealed record LimitOverrides(IReadOnlyDictionary<string, long?> Values)
{
    /// <summary>The limits that can be set, and their bounds: those of <see cref="QuotasOptions"/>.</summary>
    public static readonly IReadOnlyList<(string Name, long Least, long Most)> Bounds =
    [
        ("requestsPerSecond", 1, QuotasOptions.Unlimited), ("messages", 0, QuotasOptions.Unlimited), ("bytes", 0, QuotasOptions.Unlimited),
        ("queues", 0, QuotasOptions.Unlimited), ("waiting", 0, 1_000_000), ("concurrent", 2, 1_000_000), ("subscriptions", 0, 500),
    ];

    public static IEnumerable<string> Members => Bounds.Select(bound => bound.Name);

    public long? this[string name] => Values.GetValueOrDefault(name);
}

namespace Burrow.Access;

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

namespace Burrow.Queues;

/// <summary>What a put says that comes from another deployment: the instants that the message has there.</summary>
/// <param name="Inserted">When it was put there, UTC ticks.</param>
/// <param name="ExpiresAt">When it expires, UTC ticks; <see cref="long.MaxValue"/>: never.</param>
/// <param name="VisibleAt">When it becomes visible, UTC ticks; 0: it is.</param>
/// <param name="Origin">Where it came from.</param>
public sealed record RelayedPut(long Inserted, long ExpiresAt, long VisibleAt, Origin Origin)
{
    /// <summary>The number that its own producer gave it, where it was put; null: none.</summary>
    public ProducerNumber? Own { get; init; }

    /// <summary>Whether the message is gone where it was put: its numbers count, and nothing is stored.</summary>
    public bool IsGone { get; init; }

    /// <summary>Whether it is from here: its number counts, and nothing is stored.</summary>
    public bool IsFromHere { get; init; }
}

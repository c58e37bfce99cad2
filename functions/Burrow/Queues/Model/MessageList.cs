namespace Burrow.Queues;

/// <summary>Messages of a queue, in its order.</summary>
public sealed record MessageList
{
    /// <summary>Nothing matched.</summary>
    public static readonly MessageList Empty = new() { Messages = [] };

    /// <summary>What matched; with <see cref="Detail.None"/> left empty.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>How many matched.</summary>
    public int Count { get; init; }

    /// <summary>The place of the last that matched.</summary>
    public Sequence Last { get; init; }

    /// <summary>The answer was cut short of what matches; the rest is had after <see cref="Last"/>.</summary>
    public bool More { get; init; }
}

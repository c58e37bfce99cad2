namespace Burrow.Queues;

/// <summary>Messages of a queue, in the queue's order.</summary>
public sealed record MessageList
{
    /// <summary>Nothing matched.</summary>
    public static readonly MessageList Empty = new() { Messages = [] };

    /// <summary>The queue is paused, so nothing was handed out.</summary>
    public static readonly MessageList OfPaused = new() { Messages = [], IsPaused = true };

    /// <summary>
    /// Nothing was done: the queue has groups, and the request also matches messages that wait behind their group, which are not at the
    /// front of the visible line.
    /// </summary>
    internal static readonly MessageList OfGroups = new() { Messages = [] };

    /// <summary>The messages that matched; empty with <see cref="Detail.None"/>.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>How many messages matched.</summary>
    public int Count { get; init; }

    /// <summary>The place of the last message that matched.</summary>
    public Sequence Last { get; init; }

    /// <summary>Whether the answer leaves out messages that match. A request for messages after <see cref="Last"/> gets the rest.</summary>
    public bool More { get; init; }

    /// <summary>Whether nothing was handed out because the queue's policy says so (<see cref="QueuePolicy.Paused"/>).</summary>
    public bool IsPaused { get; init; }
}

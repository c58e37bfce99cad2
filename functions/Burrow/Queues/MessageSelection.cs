namespace Burrow.Queues;

/// <summary>Which messages of a queue a request is about, and how much of them it wants to see.</summary>
public sealed record MessageSelection
{
    /// <summary>Only what stands after the message of this id, if there is one; else from the start.</summary>
    public MessageId? Marker { get; init; }

    /// <summary>Only what stands after this place, whether a message is there or not.</summary>
    public Sequence? After { get; init; }

    /// <summary>At most so many; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Hidden messages too.</summary>
    public bool MatchHidden { get; init; }

    /// <summary>What the answer shows.</summary>
    public Detail Detail { get; init; } = Detail.All;

    /// <summary>Whether bodies are read.</summary>
    internal bool WithBodies => Detail.ShowsBody;
}

/// <summary>What an answer shows of messages (protocol, parameter <c>detail</c>).</summary>
public enum Detail
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ids.</summary>
    Id,

    /// <summary>Ids, ttl and hide.</summary>
    Attributes,

    /// <summary>Bodies.</summary>
    Body,

    /// <summary>Ids, ttl, hide and bodies.</summary>
    All,

    /// <summary>All there is.</summary>
    Full,
}

internal static class DetailExtensions
{
    extension(Detail detail)
    {
        public bool ShowsBody => detail is Detail.Body or Detail.All or Detail.Full;
    }
}

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

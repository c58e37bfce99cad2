namespace Burrow.Queues;

/// <summary>Which messages of a queue a request is about, and how much of them the answer shows.</summary>
public sealed record MessageSelection
{
    /// <summary>Only messages after the message with this id. If there is no message with this id: from the start.</summary>
    public MessageId? Marker { get; init; }

    /// <summary>Only messages after this place, whether a message is there or not.</summary>
    public Sequence? After { get; init; }

    /// <summary>At most this many messages; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Whether hidden messages match too.</summary>
    public bool MatchHidden { get; init; }

    /// <summary>Whether messages match that wait behind others of their group.</summary>
    internal bool MatchWaiting { get; init; } = true;

    /// <summary>What the answer shows.</summary>
    public Detail Detail { get; init; } = Detail.All;

    /// <summary>The memory for the messages of the answer; null: it is not bounded.</summary>
    public IAnswerMemory? Memory { get; init; }

    /// <summary>Live or dead messages. Both together only without a place, a limit and an answer that shows them.</summary>
    internal MessageLife Which { get; init; } = MessageLife.Live;

    /// <summary>Whether bodies are read.</summary>
    internal bool WithBodies => Detail.ShowsBody;
}

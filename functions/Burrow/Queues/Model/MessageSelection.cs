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

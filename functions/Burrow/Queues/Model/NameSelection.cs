namespace Burrow.Queues;

/// <summary>Which accounts or queues a request is about.</summary>
/// <param name="Marker">Only those after this name, if there is one of it; else from the start.</param>
/// <param name="Limit">At most so many; null: all.</param>
public sealed record NameSelection(string? Marker, int? Limit)
{
    /// <summary>Only these queues; null: all.</summary>
    public QueuePattern? Only { get; init; }

    internal bool Matches(string name) => Only is not { } only || only.Matches(new(name));
}

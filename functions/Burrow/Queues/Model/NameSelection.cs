namespace Burrow.Queues;

/// <summary>Which accounts or queues a request is about.</summary>
/// <param name="Marker">Only names after this one. If no account or queue has this name: from the start.</param>
/// <param name="Limit">At most this many names; null: all.</param>
public sealed record NameSelection(string? Marker, int? Limit)
{
    /// <summary>Only these queues; null: all.</summary>
    public QueuePattern? Only { get; init; }

    internal bool Matches(string name) => Only is not { } only || only.Matches(new(name));
}

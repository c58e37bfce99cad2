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

/// <summary>Names of accounts or queues.</summary>
/// <param name="Names">In order of their code points.</param>
/// <param name="More">There are more, which a request with the last name as marker shows.</param>
public sealed record NameList(IReadOnlyList<string> Names, bool More);

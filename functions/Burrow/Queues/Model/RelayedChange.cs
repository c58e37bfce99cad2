namespace Burrow.Queues;

/// <summary>What a message of another deployment is now, whose copy came by a mirror.</summary>
/// <param name="Id">The message.</param>
/// <param name="Number">The number under which the copy came.</param>
public sealed record RelayedChange(MessageId Id, long Number)
{
    /// <summary>Whether the message is gone. Then nothing else is said of it.</summary>
    public bool IsGone { get; init; }

    /// <summary>When it expires, or is kept no longer if it is dead, UTC ticks; <see cref="long.MaxValue"/>: never.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>When it becomes visible, UTC ticks; 0: it is. Not heeded if a worker has the copy.</summary>
    public long VisibleAt { get; init; }

    /// <summary>When it died, UTC ticks; 0: it is not dead.</summary>
    public long DiedAt { get; init; }

    /// <summary>The body's content type, if known.</summary>
    public string? ContentType { get; init; }

    /// <summary>The span that its put came from; null: not known.</summary>
    public string? TraceParent { get; init; }

    /// <summary>What workers reported, oldest first: at most <see cref="QueueLimits.Causes"/>.</summary>
    public IReadOnlyList<Cause> Causes { get; init; } = [];

    /// <summary>The body, at most <see cref="QueueOptions.MaxBodyBytes"/> bytes. The array is kept, not copied.</summary>
    public byte[] Body { get; init; } = [];
}

namespace Burrow.Client;

/// <summary>Which messages a list shows.</summary>
public record ListOptions
{
    /// <summary>Begin behind this message; an unknown id: from the start. Not together with the others.</summary>
    public string? Marker { get; init; }

    /// <summary>Begin behind this place: a <see cref="Message{T}.Cursor"/>. Good even after its message is gone.</summary>
    public string? After { get; init; }

    /// <summary>Begin behind the cursor of this reader. See <see cref="BurrowQueue{T}.Reader"/>.</summary>
    public string? Reader { get; init; }

    /// <summary>Whether hidden messages are shown, too.</summary>
    public bool IncludeHidden { get; init; }

    /// <summary>How many messages a request brings at most, 1 to 10,000.</summary>
    public int PageSize { get; init; } = 100;

    internal Call ApplyTo(Call call)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(PageSize);
        return call.With("marker", Marker).With("after", After).With("reader", Reader).With("match_hidden", IncludeHidden ? "true" : null);
    }
}

/// <summary>Which messages a follower shows, and how.</summary>
public sealed record FollowOptions : ListOptions
{
    /// <summary>
    /// Whether the service sends messages as they come (server-sent events), rather than being asked for pages. Null: yes. Turn it off
    /// behind a proxy that holds streams back.
    /// </summary>
    public bool? Stream { get; init; }
}

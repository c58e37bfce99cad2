namespace Burrow.Queues;

/// <summary>How a request waits where nothing matches.</summary>
/// <param name="Longest">For so long at most.</param>
/// <param name="Most">If no more requests of its account wait in this process than this, itself included; else it is refused.</param>
public readonly record struct Wait(TimeSpan Longest, long Most)
{
    /// <summary>However many others do.</summary>
    public static implicit operator Wait(TimeSpan longest) => new(longest, long.MaxValue);
}

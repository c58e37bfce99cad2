namespace Burrow.Queues;

/// <summary>How a request waits where nothing matches.</summary>
/// <param name="Longest">For so long at most.</param>
/// <param name="Most">If no more requests of its account wait in this process than this, itself included; else it is refused.</param>
/// <param name="Waiter">Told when it waits, and when it goes on.</param>
public readonly record struct Wait(TimeSpan Longest, long Most, IWaiter? Waiter = null)
{
    /// <summary>However many others do.</summary>
    public static implicit operator Wait(TimeSpan longest) => new(longest, long.MaxValue);
}

/// <summary>Whoever waits.</summary>
public interface IWaiter
{
    /// <summary>From now on it does nothing.</summary>
    void Pause();

    /// <summary>It is about to look again. What is thrown here ends its request.</summary>
    ValueTask ResumeAsync();
}

namespace Burrow.Queues;

/// <summary>How a request waits where nothing matches.</summary>
/// <param name="MaxTime">For so long at most.</param>
/// <param name="MaxWaiting">If no more requests of its account wait in this process than this, itself included; else it is refused.</param>
/// <param name="Request">Told when it waits, and when it goes on.</param>
public readonly record struct WaitOptions(TimeSpan MaxTime, long MaxWaiting, IWaitingRequest? Request = null)
{
    /// <summary>However many others do.</summary>
    public static implicit operator WaitOptions(TimeSpan max) => new(max, long.MaxValue);
}

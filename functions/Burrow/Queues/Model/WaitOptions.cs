namespace Burrow.Queues;

/// <summary>How a request waits if no message matches.</summary>
/// <param name="MaxTime">The longest time that it waits.</param>
/// <param name="MaxWaiting">
/// How many requests of its account may wait in this process, this one included. If more would wait, this one is refused.
/// </param>
/// <param name="Request">Is notified when the request waits, and before it looks again.</param>
public readonly record struct WaitOptions(TimeSpan MaxTime, long MaxWaiting, IWaitingRequest? Request = null)
{
    /// <summary>Ends the wait when it is cancelled, as if its time were up.</summary>
    public CancellationToken Ended { get; init; }

    /// <summary>The share of its key in the requests that may wait; null: the key has no share of its own.</summary>
    public WaitShare? Share { get; init; }

    /// <summary>Waits for at most this time, however many other requests wait.</summary>
    public static implicit operator WaitOptions(TimeSpan max) => new(max, long.MaxValue);
}

/// <summary>How many requests of one key may wait.</summary>
/// <param name="Key">The key, in its account.</param>
/// <param name="MaxWaiting">How many requests of the key may wait in this process, this one included.</param>
public readonly record struct WaitShare(string Key, long MaxWaiting);

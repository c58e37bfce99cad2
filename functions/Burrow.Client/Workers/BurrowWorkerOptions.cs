namespace Burrow.Client.Workers;

/// <summary>How a worker works.</summary>
public sealed class BurrowWorkerOptions
{
    /// <summary>How many messages are handled at a time, 1 to 1,000. 10 if not set.</summary>
    public int MaxConcurrency { get; set; } = 10;

    /// <summary>How many messages a request claims at most, 1 to 1,000. 32 if not set.</summary>
    public int BatchSize { get; set; } = 32;

    /// <summary>
    /// For how long a message is claimed, at least 2 s. After half of it the claim is extended, for as long as the handler runs. If the
    /// program dies, its messages come back after this time at most. 30 s if not set.
    /// </summary>
    public TimeSpan Hide { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a request waits at the service for messages, 1 to 100 s. The program stops no sooner than the request that waits, so that
    /// no message is claimed for a program that is gone. 5 s if not set.
    /// </summary>
    public TimeSpan PollTime { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long handlers go on when the program stops, before they are cancelled and their messages given back. The host stops waiting
    /// after its own <c>ShutdownTimeout</c>, 30 s if not set. 20 s if not set.
    /// </summary>
    public TimeSpan StopTime { get; set; } = TimeSpan.FromSeconds(20);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrency, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxConcurrency, 1_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize, 1_000);
        ArgumentOutOfRangeException.ThrowIfLessThan(Hide, TimeSpan.FromSeconds(2));
        ArgumentOutOfRangeException.ThrowIfLessThan(PollTime, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(PollTime, TimeSpan.FromSeconds(100));
        ArgumentOutOfRangeException.ThrowIfLessThan(StopTime, TimeSpan.Zero);
    }
}

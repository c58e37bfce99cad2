namespace Burrow.Queues;

/// <summary>Whoever waits.</summary>
public interface IWaitingRequest
{
    /// <summary>From now on it does nothing.</summary>
    void Pause();

    /// <summary>It is about to look again. What is thrown here ends its request.</summary>
    ValueTask ResumeAsync();
}

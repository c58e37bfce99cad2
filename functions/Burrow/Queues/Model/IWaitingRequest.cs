namespace Burrow.Queues;

/// <summary>A request that waits for messages.</summary>
public interface IWaitingRequest
{
    /// <summary>The request waits and does nothing from now on.</summary>
    void Pause();

    /// <summary>The request is about to look for messages again. An exception that is thrown here ends the request.</summary>
    /// <returns>False if it must not look now, and goes on waiting.</returns>
    ValueTask<bool> ResumeAsync();
}

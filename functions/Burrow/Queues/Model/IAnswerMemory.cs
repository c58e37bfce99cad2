namespace Burrow.Queues;

/// <summary>The memory that the answer to one request may use, where all requests of a process share a bounded amount.</summary>
public interface IAnswerMemory
{
    /// <summary>Reserves memory for one more message.</summary>
    /// <param name="bytes">The size of the message, as JSON.</param>
    /// <param name="always">Whether to reserve it even if there is none left: for the first message of an answer.</param>
    /// <returns>False if none is left. Then the answer ends before this message.</returns>
    bool TryReserve(long bytes, bool always);
}

namespace Burrow.Local.EventGrid;

/// <summary>The stand-in's last attempts, kept in memory for display.</summary>
internal sealed class DeliveryLog
{
    /// <summary>How many attempts the log keeps, of all accounts together.</summary>
    public const int Kept = 200;

    private readonly LinkedList<DeliveryAttempt> attempts = [];

    /// <summary>The last attempts, the latest first.</summary>
    public IReadOnlyList<DeliveryAttempt> Attempts
    {
        get
        {
            lock (attempts)
                return [.. attempts];
        }
    }

    public void Tried(DeliveryAttempt attempt)
    {
        lock (attempts)
        {
            attempts.AddFirst(attempt);
            if (attempts.Count > Kept)
                attempts.RemoveLast();
        }
    }
}

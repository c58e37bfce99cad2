using System.Collections.Concurrent;

namespace Burrow.Local.EventGrid;

/// <summary>The stand-in's last attempts and its open deliveries, kept in memory for display.</summary>
internal sealed class DeliveryLog
{
    /// <summary>How many attempts the log keeps, of all accounts together.</summary>
    public const int Kept = 200;

    private readonly LinkedList<DeliveryAttempt> attempts = [];
    private readonly ConcurrentDictionary<string, Delivery> undone = new();

    /// <summary>The last attempts, the latest first.</summary>
    public IReadOnlyList<DeliveryAttempt> Attempts
    {
        get
        {
            lock (attempts)
                return [.. attempts];
        }
    }

    /// <summary>The open deliveries, the next first.</summary>
    public IEnumerable<Delivery> Undone => undone.Values.OrderBy(delivery => delivery.Next);

    public void Tried(DeliveryAttempt attempt)
    {
        // An event has up to 70 KB. The log keeps only its name.
        attempt = attempt with { Delivery = attempt.Delivery with { Event = [] } };
        lock (attempts)
        {
            attempts.AddFirst(attempt);
            if (attempts.Count > Kept)
                attempts.RemoveLast();
        }
    }

    /// <summary>Adds an open delivery, or updates it for its next attempt.</summary>
    public void Stands(Delivery delivery) => undone[delivery.Key] = delivery;

    /// <summary>Removes a delivery that needs no more attempts.</summary>
    public void Done(Delivery delivery) => undone.TryRemove(delivery.Key, out _);
}

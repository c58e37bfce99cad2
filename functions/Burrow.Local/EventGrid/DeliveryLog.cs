using System.Collections.Concurrent;

namespace Burrow.Local.EventGrid;

/// <summary>What the stand-in tried last, and what it has yet to do; in memory, to be looked at.</summary>
internal sealed class DeliveryLog
{
    /// <summary>Attempts that are kept, of all accounts together.</summary>
    public const int Kept = 200;

    private readonly LinkedList<DeliveryAttempt> attempts = [];
    private readonly ConcurrentDictionary<string, Delivery> undone = new();

    /// <summary>What was tried, the last first.</summary>
    public IReadOnlyList<DeliveryAttempt> Attempts
    {
        get
        {
            lock (attempts)
                return [.. attempts];
        }
    }

    /// <summary>What is yet to be delivered, the next first.</summary>
    public IEnumerable<Delivery> Undone => undone.Values.OrderBy(delivery => delivery.Next);

    public void Tried(DeliveryAttempt attempt)
    {
        // An event has up to 70 KB, and what is kept of it is its name.
        attempt = attempt with { Delivery = attempt.Delivery with { Event = [] } };
        lock (attempts)
        {
            attempts.AddFirst(attempt);
            if (attempts.Count > Kept)
                attempts.RemoveLast();
        }
    }

    /// <summary>It is to be done, or done again.</summary>
    public void Stands(Delivery delivery) => undone[delivery.Key] = delivery;

    /// <summary>Nothing more is to be done about it.</summary>
    public void Done(Delivery delivery) => undone.TryRemove(delivery.Key, out _);
}

namespace Burrow.Queues;

/// <summary>What a put did.</summary>
/// <param name="Created">True: the message is new. False: it replaced a message, in the old place.</param>
/// <param name="Receipt">The message's revision now.</param>
public sealed record PutResult(bool Created, Receipt Receipt)
{
    /// <summary>The result of a put that was stored before. Nothing was stored, and there is no receipt.</summary>
    public static readonly PutResult Duplicate = new(false, default) { IsDuplicate = true };

    /// <summary>Whether the producer's message of that number, or a later one, was stored before.</summary>
    public bool IsDuplicate { get; private init; }
}

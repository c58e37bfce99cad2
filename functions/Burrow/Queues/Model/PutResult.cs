namespace Burrow.Queues;

/// <summary>What a put did.</summary>
/// <param name="Created">True: the message is new. False: it replaced a message, in the old place.</param>
/// <param name="Receipt">The message's revision now.</param>
public sealed record PutResult(bool Created, Receipt Receipt);

namespace Burrow.Queues;

/// <summary>What a put did.</summary>
/// <param name="Created">A new message; false: one was replaced, in its old place.</param>
/// <param name="Receipt">The message's revision now.</param>
public sealed record PutResult(bool Created, Receipt Receipt);

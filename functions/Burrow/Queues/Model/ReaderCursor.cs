namespace Burrow.Queues;

/// <summary>What the server keeps for a reader: the cursor of the last message that it has read.</summary>
/// <param name="Name">The reader's name.</param>
/// <param name="After">The reader's next list begins after this place.</param>
/// <param name="Receipt">Changes each time the cursor is put.</param>
/// <param name="Expires">When the reader is forgotten, if it is not used before.</param>
public sealed record ReaderCursor(ReaderName Name, Sequence After, Receipt Receipt, DateTimeOffset Expires);

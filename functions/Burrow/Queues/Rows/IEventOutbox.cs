namespace Burrow.Queues.Rows;

/// <summary>What of a queue's messages somebody wants to hear of.</summary>
[Flags]
internal enum EventKinds
{
    None = 0,

    /// <summary>That a message was put, new.</summary>
    Created = 1,

    /// <summary>That one expired before anybody took it.</summary>
    Expired = 2,
}

/// <summary>
/// Tells those who want to hear of it what happened to messages. What is to be told is a row in the transaction in which it
/// happened, and stays until it was told; so it is told at least once.
/// </summary>
internal interface IEventOutbox
{
    /// <summary>What somebody wants to hear of a queue, as of 5 s ago at most. Mostly costs no request to storage.</summary>
    ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken);

    /// <summary>A message was put.</summary>
    OutboxRow NewMessageCreated(QueueAddress queue, MessageState message, PutRequest request);

    /// <summary>A message expired and is removed.</summary>
    /// <param name="queue">Whose it was.</param>
    /// <param name="message">As it was.</param>
    /// <param name="line">Its row in line, if it was read.</param>
    OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? line);

    /// <summary>Tells what was committed, soon and without waiting for it.</summary>
    void Publish(QueueAddress queue, IReadOnlyList<OutboxRow> rows);

    /// <summary>Tells what a queue's rows say that nobody told. Nothing is done that was written just now: its process tells it.</summary>
    /// <returns>Whether none is left.</returns>
    Task<bool> DrainAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken);
}

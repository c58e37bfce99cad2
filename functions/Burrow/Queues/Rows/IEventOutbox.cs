namespace Burrow.Queues.Rows;

/// <summary>The kinds of events of a queue's messages that have a subscriber.</summary>
[Flags]
internal enum EventKinds
{
    None = 0,

    /// <summary>A new message was put.</summary>
    Created = 1,

    /// <summary>A message expired before a worker took it.</summary>
    Expired = 2,

    /// <summary>A message died.</summary>
    Dead = 4,
}

/// <summary>
/// Publishes what happened to messages. The transaction of a change also writes a row for its event. The row stays until the event
/// was published, so each event is published at least once.
/// </summary>
internal interface IEventOutbox
{
    /// <summary>Which events of a queue have a subscriber, as of 5 s ago at most. Mostly costs no request to storage.</summary>
    ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken);

    /// <summary>The row of the event that a message was put.</summary>
    OutboxRow NewMessageCreated(QueueAddress queue, MessageState message, PutRequest request);

    /// <summary>The row of the event that a message expired and is removed.</summary>
    /// <param name="queue">The message's queue.</param>
    /// <param name="message">The message's last state.</param>
    /// <param name="row">The message's line row, if it was read.</param>
    OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? row);

    /// <summary>The row of the event that a message died.</summary>
    /// <param name="queue">The message's queue.</param>
    /// <param name="message">The message's state as it is now: dead.</param>
    /// <param name="row">The message's line row, before it died.</param>
    /// <param name="causes">What workers reported, oldest first.</param>
    OutboxRow NewMessageDead(QueueAddress queue, MessageState message, MessageRow row, IReadOnlyList<Cause> causes);

    /// <summary>Publishes events that were committed. Happens soon; the caller does not wait for it.</summary>
    void Publish(QueueAddress queue, IReadOnlyList<OutboxRow> rows);

    /// <summary>
    /// Publishes the events of a queue that no process has published. Leaves alone rows that were written just now: the process that
    /// wrote them publishes them.
    /// </summary>
    /// <returns>Whether none is left but those written just now, which the process that wrote them publishes.</returns>
    Task<bool> DrainAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken);
}

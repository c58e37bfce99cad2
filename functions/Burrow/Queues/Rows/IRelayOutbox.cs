namespace Burrow.Queues.Rows;

/// <summary>What the parts of the engine that put and sweep tell the relays, which send what stands in the outboxes.</summary>
internal interface IRelayOutbox
{
    /// <summary>Rows were committed to a queue's outbox. They are sent soon; the caller does not wait for that.</summary>
    void Wake(QueueAddress queue);

    /// <summary>Has what is left to do for a queue's relay done in the background, when the timer visits the queue.</summary>
    /// <returns>Null: nothing is left. Otherwise when the timer is to look again.</returns>
    Task<TimeSpan?> DrainAsync(QueueAddress queue, CancellationToken cancellationToken);

    /// <summary>Has the queues of an account looked at in the background, if its relays were changed.</summary>
    /// <returns>Whether nothing is left.</returns>
    Task<bool> PrepareAsync(AccountName account, CancellationToken cancellationToken);

    /// <summary>Whether a relay remembers how far it came with a queue, so that the queue's head must stay.</summary>
    ValueTask<bool> RemembersAsync(QueueAddress queue, CancellationToken cancellationToken);
}

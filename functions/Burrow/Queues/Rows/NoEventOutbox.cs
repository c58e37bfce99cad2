namespace Burrow.Queues.Rows;

/// <summary>The outbox without subscribers. It publishes nothing.</summary>
internal sealed class NoEventOutbox : IEventOutbox
{
    public ValueTask<EventKinds> GetKindsAsync(QueueAddress queue, CancellationToken cancellationToken) => new(EventKinds.None);

    public OutboxRow NewMessageCreated(
        QueueAddress queue, MessageState message, PutRequest request) => throw new InvalidOperationException();

    public OutboxRow NewMessageExpired(QueueAddress queue, MessageState message, MessageRow? row) => throw new InvalidOperationException();

    public OutboxRow NewMessageDead(QueueAddress queue, MessageState message, MessageRow row, IReadOnlyList<Cause> causes) =>
        throw new InvalidOperationException();

    public void Publish(QueueAddress queue, IReadOnlyList<OutboxRow> rows)
    {
    }

    public Task<bool> DrainAsync(QueueAddress queue, Func<bool> isTimeUp, CancellationToken cancellationToken) => Task.FromResult(true);
}

using Burrow.Queues.Rows;
using Burrow.Telemetry;

namespace Burrow.Queues.Relays;

/// <summary>The way to the other side of a relay. It sends once: the caller sends again.</summary>
internal interface IRelayWire
{
    /// <summary>Messages in one batch, and rows in one read of the outbox.</summary>
    int BatchMessages => RelayLimits.BatchMessages;

    /// <summary>Sends a batch. If no answer comes, the batch may have been stored all the same.</summary>
    Task<RelayAnswer> SendAsync(Relay relay, QueueName queue, RelayBatch batch, CancellationToken cancellationToken);

    /// <summary>Asks what the other side knows of a producer.</summary>
    Task<RelayAnswer> AskAsync(Relay relay, QueueName queue, ProducerName producer, CancellationToken cancellationToken);

    /// <summary>Asks which messages stand at the other side that came from a producer, a page at a time.</summary>
    /// <param name="relay">The relay.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="producer">The producer.</param>
    /// <param name="after">What <see cref="RelayAnswer.Next"/> said of the page before; null: the first page.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    Task<RelayAnswer> ListAsync(
        Relay relay, QueueName queue, ProducerName producer, string? after, CancellationToken cancellationToken);
}

/// <summary>Messages to send together.</summary>
/// <param name="Producer">The producer under whose name they are sent.</param>
/// <param name="Epoch">The epoch of the lease under which they are sent.</param>
/// <param name="Previous">The number of the message sent before them; null: nothing was ever sent.</param>
/// <param name="Messages">The messages with their bodies, in order. The number of each is its sequence.</param>
/// <param name="Stamp">The stamp of this deployment.</param>
internal sealed record RelayBatch(ProducerName Producer, long Epoch, long? Previous, IReadOnlyList<RelayRow> Messages, string Stamp)
{
    /// <summary>Whether the messages were sent before, and have changed since. Otherwise they are new.</summary>
    public bool IsOfChanges { get; init; }

    /// <summary>The stamps that a message has come through, this deployment's last.</summary>
    public IReadOnlyList<string> StampsOf(RelayRow row) => [.. row.Origin?.Stamps ?? [], Stamp];

    /// <summary>Counts the messages, once the other side has answered for them.</summary>
    /// <param name="now">UTC ticks.</param>
    public void Arrived(long now)
    {
        Instruments.RelayedMessages.Add(Messages.Count);
        Instruments.RelayLag.Record(TimeSpan.FromTicks(now - Messages[0].Written).TotalSeconds);
    }
}

/// <summary>What the other side answered.</summary>
/// <param name="Status">The HTTP status; 0: no answer came.</param>
internal sealed record RelayAnswer(int Status)
{
    /// <summary>What went wrong, in words.</summary>
    public string? Text { get; init; }

    /// <summary>How long it asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The other side's stamp, if it told.</summary>
    public string? Stamp { get; init; }

    /// <summary>What became of each message of a batch.</summary>
    public IReadOnlyList<RelayedItem> Items { get; init; } = [];

    /// <summary>What became of a message of a batch.</summary>
    public RelayedItem ItemOf(int index) => index < Items.Count ? Items[index] : new(502, "The answer is too short.");

    /// <summary>The last number of the producer that was asked about; null: none is stored.</summary>
    public long? Last { get; init; }

    /// <summary>The highest epoch that was seen of the producer that was asked about.</summary>
    public long Epoch { get; init; }

    /// <summary>The messages that came from the producer that was asked about: the ids, and the numbers there.</summary>
    public IReadOnlyList<(MessageId Id, long Number)> Came { get; init; } = [];

    /// <summary>Where the next page begins; null: this is the last one.</summary>
    public string? Next { get; init; }
}

/// <summary>What became of a message of a batch.</summary>
/// <param name="Status">The HTTP status that a single put would have had.</param>
/// <param name="Error">What went wrong; null: nothing.</param>
internal sealed record RelayedItem(int Status, string? Error)
{
    /// <summary>Whether it is this message that the other side refuses, for what it is or for its size: the others may go on.</summary>
    public bool IsRefusedAlone => Status is 400 or 413 or 507;
}

/// <summary>The way of an engine without relays: there is none.</summary>
internal sealed class NoRelayWire : IRelayWire
{
    public Task<RelayAnswer> SendAsync(Relay relay, QueueName queue, RelayBatch batch, CancellationToken cancellationToken) =>
        Task.FromResult(new RelayAnswer(0) { Text = "This process sends to no other deployment." });

    public Task<RelayAnswer> AskAsync(Relay relay, QueueName queue, ProducerName producer, CancellationToken cancellationToken) =>
        Task.FromResult(new RelayAnswer(0) { Text = "This process sends to no other deployment." });

    public Task<RelayAnswer> ListAsync(
        Relay relay, QueueName queue, ProducerName producer, string? after, CancellationToken cancellationToken) =>
        Task.FromResult(new RelayAnswer(0) { Text = "This process sends to no other deployment." });
}

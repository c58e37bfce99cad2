using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Outbox;

/// <summary>Events of one queue that were committed and are to be published.</summary>
internal sealed record UnpublishedEvents(QueueAddress Queue, IReadOnlyList<OutboxRow> Rows)
{
    /// <summary>About as many bytes as they take in a request.</summary>
    public int Weight => Rows.Sum(row => EventComposer.WeightOf(Queue, row));
}

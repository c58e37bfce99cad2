using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Outbox;

/// <summary>Events of one queue that are committed and not published yet.</summary>
internal sealed record UnpublishedEvents(QueueAddress Queue, IReadOnlyList<OutboxRow> Rows)
{
    /// <summary>About how many bytes the events add to a request.</summary>
    public int Weight => Rows.Sum(row => EventComposer.WeightOf(Queue, row));
}

using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Outbox;

/// <summary>Where events go.</summary>
internal interface IEventSink
{
    /// <summary>Sends them together. When it returns, they are taken.</summary>
    /// <exception cref="EventsRefusedException">They aren't, or nobody knows.</exception>
    Task SendAsync(IReadOnlyList<(QueueAddress Queue, OutboxRow Row)> events, CancellationToken cancellationToken);
}

/// <summary>Events were not taken; some may have been.</summary>
internal sealed class EventsRefusedException(
    string reason, TimeSpan? retryAfter, bool isTheirs = false, bool isTooLarge = false) : Exception(reason)
{
    /// <summary>It is for what these events are: sent again, they are refused again.</summary>
    public bool IsTheirs => isTheirs;

    /// <summary>They are too large.</summary>
    public bool IsTooLarge => isTooLarge;

    /// <summary>How long to leave it alone, if it said so.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}

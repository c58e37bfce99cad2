using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.Outbox;

/// <summary>The receiver of events.</summary>
internal interface IEventSink
{
    /// <summary>Sends events together. When it returns, the receiver has accepted all of them.</summary>
    /// <exception cref="EventsNotAcceptedException">The receiver did not accept them, or the outcome is unknown.</exception>
    Task SendAsync(IReadOnlyList<(QueueAddress Queue, OutboxRow Row)> events, CancellationToken cancellationToken);
}

/// <summary>The receiver did not accept events. It may have accepted some of them.</summary>
internal sealed class EventsNotAcceptedException(
    string reason, TimeSpan? retryAfter, bool isTheirs = false, bool isTooLarge = false, bool isAccounts = false) : Exception(reason)
{
    /// <summary>The events themselves are the cause: if they are sent again, they are refused again.</summary>
    public bool IsEventsFault => isTheirs;

    /// <summary>The events are too large.</summary>
    public bool IsTooLarge => isTooLarge;

    /// <summary>The receiver takes no events of an account for now. It takes those of other accounts.</summary>
    public bool IsAccountsFault => isAccounts;

    /// <summary>How long to wait before the next request, if the receiver said so.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}

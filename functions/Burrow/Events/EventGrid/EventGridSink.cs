using Azure;
using Azure.Messaging.EventGrid;
using Burrow.Events.Outbox;
using Burrow.Queues;
using Burrow.Queues.Rows;

namespace Burrow.Events.EventGrid;

/// <summary>Sends events to the domain, as signed CloudEvents.</summary>
internal sealed class EventGridSink(Lazy<EventGridPublisherClient> client, EventComposer outbox, TimeProvider time) : IEventSink
{
    /// <summary>The code of an error that concerns one topic only. The local process's stand-in sends it, Event Grid does not.</summary>
    public const string TopicFull = "TopicFull";

    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(30);

    public async Task SendAsync(IReadOnlyList<(QueueAddress Queue, OutboxRow Row)> events, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(RequestTime, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await client.Value.SendEventsAsync(events.Select(one => outbox.ToEvent(one.Queue, one.Row)), ended.Token);
        }
        catch (RequestFailedException e)
        {
            throw new EventsNotAcceptedException(
                e.Status > 0 ? $"{e.Status} {e.ErrorCode}" : "no answer",
                RetryAfter(e),
                isTheirs: e.Status is 400 or 413,
                isTooLarge: e.Status == 413,
                isAccounts: e.ErrorCode == TopicFull);
        }
        catch (Exception e) when (e is Azure.Identity.AuthenticationFailedException or HttpRequestException or IOException
            or OperationCanceledException or AggregateException)
        {
            throw new EventsNotAcceptedException(e.GetType().Name, null);
        }
    }

    private static TimeSpan? RetryAfter(RequestFailedException e) =>
        e.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var value) == true && int.TryParse(value, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : null;
}

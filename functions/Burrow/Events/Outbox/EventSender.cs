using System.Diagnostics;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Telemetry;
using Microsoft.Extensions.Logging;

namespace Burrow.Events.Outbox;

/// <summary>
/// Sends events to Event Grid, in as few requests as can hold them. While Event Grid is down, slow or throttles, the sender pauses: the
/// rows stay, and the timer tries again.
/// </summary>
internal sealed partial class EventSender(IEventSink sink, TimeProvider time, ILogger logger)
{
    /// <summary>The most bytes of one request. Event Grid accepts 1 MB.</summary>
    public const int RequestBytes = 900_000;

    /// <summary>If Event Grid accepted other events within this time, a refusal is the fault of the event, not of the settings.</summary>
    private static readonly TimeSpan RecentTime = TimeSpan.FromMinutes(5);

    /// <summary>The pauses after consecutive failures.</summary>
    private static readonly Backoff Pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    /// <summary>The longest pause that Event Grid may ask for.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMinutes(10);

    private int failures;
    private DateTimeOffset pausedUntil;
    private DateTimeOffset lastAccepted;

    public bool IsPaused => time.GetUtcNow() < pausedUntil;

    /// <summary>Sends events, until all are sent or Event Grid accepts no more.</summary>
    /// <param name="rows">The events.</param>
    /// <param name="done">Receives the events that need not be sent again: Event Grid accepted them, or never accepts them.</param>
    public async Task SendAllAsync(List<(QueueAddress Queue, OutboxRow Row)> rows, List<(QueueAddress Queue, OutboxRow Row)> done)
    {
        foreach (var request in Pack(rows))
        {
            if (!await SendAsync(request, done))
                return;
        }
    }

    /// <summary>Records how late the oldest of these events is.</summary>
    public void RecordLag(IEnumerable<OutboxRow> rows) => Instruments.OutboxLag.Record(
        TimeSpan.FromTicks(time.GetUtcNow().UtcTicks - rows.Min(EventComposer.WrittenAt)).TotalSeconds);

    private static IEnumerable<List<(QueueAddress Queue, OutboxRow Row)>> Pack(List<(QueueAddress Queue, OutboxRow Row)> rows)
    {
        var request = new List<(QueueAddress, OutboxRow)>();
        var bytes = 0;
        foreach (var row in rows)
        {
            var weight = EventComposer.WeightOf(row.Queue, row.Row);
            if (request.Count > 0 && bytes + weight > RequestBytes)
            {
                yield return request;
                (request, bytes) = ([], 0);
            }

            request.Add(row);
            bytes += weight;
        }

        yield return request;
    }

    /// <summary>
    /// Sends events together, or in halves if Event Grid refuses their content. It discards a single event that Event Grid never accepts.
    /// </summary>
    /// <returns>Whether it makes sense to send more.</returns>
    private async Task<bool> SendAsync(List<(QueueAddress Queue, OutboxRow Row)> rows, List<(QueueAddress Queue, OutboxRow Row)> done)
    {
        if (IsPaused)
            return false;
        using var span = Instruments.Source.StartActivity("publish to Event Grid", ActivityKind.Client);
        span?.SetTag("messaging.system", "eventgrid")
            .SetTag("messaging.batch.message_count", rows.Count)
            .SetStatus(ActivityStatusCode.Error);
        try
        {
            await sink.SendAsync(rows, CancellationToken.None);
        }
        catch (EventsNotAcceptedException e) when (e.IsEventsFault && rows.Count > 1)
        {
            var half = rows.Count / 2;
            return await SendAsync(rows[..half], done) && await SendAsync(rows[half..], done);
        }
        catch (EventsNotAcceptedException e) when (e.IsEventsFault && (e.IsTooLarge || time.GetUtcNow() - lastAccepted < RecentTime))
        {
            Discarded(EventComposer.EventIdOf(rows[0].Row), e.Message);
            done.AddRange(rows);
            return true;
        }
        catch (EventsNotAcceptedException e)
        {
            var pause = e.RetryAfter ?? Pauses.Delay(failures);
            failures++;
            pausedUntil = time.GetUtcNow() + (pause < MaxPause ? pause : MaxPause);
            Refused(e.Message, pausedUntil - time.GetUtcNow());
            return false;
        }

        span?.SetStatus(ActivityStatusCode.Unset);
        MessageTrace.Published(
            span, rows.Select(one => (one.Queue, EventComposer.MessageOf(one.Row), EventComposer.TraceParentOf(one.Row))));
        (failures, lastAccepted) = (0, time.GetUtcNow());
        done.AddRange(rows);
        Instruments.EventsPublished.Add(rows.Count);
        foreach (var (_, row) in rows)
            RecordLag([row]);
        return true;
    }

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Event Grid does not take events ({Reason}); they are kept, and tried again after {Pause}.")]
    private partial void Refused(string reason, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event Grid never takes the event {Id}, which is given up: {Reason}")]
    private partial void Discarded(string id, string reason);
}

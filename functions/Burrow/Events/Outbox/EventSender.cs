using System.Collections.Concurrent;
using System.Diagnostics;
using Burrow.Events.Model;
using Burrow.Queues;
using Burrow.Queues.Rows;
using Burrow.Tables;
using Burrow.Telemetry;
using Microsoft.Extensions.Logging;

namespace Burrow.Events.Outbox;

/// <summary>
/// Sends events to Event Grid, in as few requests as can hold them. While Event Grid is down, slow or throttles, the sender pauses: the
/// rows stay, and the timer tries again. If only the events of one account are not accepted, it pauses for that account.
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

    /// <summary>The accounts with a pause of their own, and its end.</summary>
    private readonly ConcurrentDictionary<AccountName, DateTimeOffset> pausedAccounts = new();

    private int failures;
    private DateTimeOffset pausedUntil;
    private DateTimeOffset lastAccepted;

    /// <summary>Whether events of an account are not sent now.</summary>
    public bool IsPaused(AccountName account) =>
        IsAllPaused || (pausedAccounts.TryGetValue(account, out var until) && time.GetUtcNow() < until);

    private bool IsAllPaused => time.GetUtcNow() < pausedUntil;

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
        if (IsAllPaused)
            return false;
        rows = rows.FindAll(one => !IsPaused(one.Queue.Account));
        if (rows.Count == 0)
            return true;
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
        catch (EventsNotAcceptedException e) when (e.IsAccountsFault)
        {
            var accounts = rows.GroupBy(one => one.Queue.Account).ToList();
            if (accounts.Count == 1)
                Pause(accounts[0].Key, e);
            foreach (var account in accounts.Count == 1 ? [] : accounts)
            {
                if (!await SendAsync([.. account], done))
                    return false;
            }

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

    private void Pause(AccountName account, EventsNotAcceptedException e)
    {
        var now = time.GetUtcNow();
        foreach (var over in pausedAccounts.Where(one => one.Value <= now))
            pausedAccounts.TryRemove(over);
        var pause = e.RetryAfter is { } asked && asked < MaxPause ? asked : Pauses.Max;
        pausedAccounts[account] = now + pause;
        RefusedFor(Topic.Of(account), e.Message, pause);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Event Grid does not take events of {Topic} ({Reason}); they are kept, and tried again after {Pause}.")]
    private partial void RefusedFor(string topic, string reason, TimeSpan pause);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "Event Grid does not take events ({Reason}); they are kept, and tried again after {Pause}.")]
    private partial void Refused(string reason, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event Grid never takes the event {Id}, which is given up: {Reason}")]
    private partial void Discarded(string id, string reason);
}
